"""An HTML document as far as tests ask: its elements in order and its words, each with the language it is in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NO_WORDS = {"script", "style"}
SPOKEN = ("alt", "aria-label", "title", "placeholder", "data-done")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    language: str
    text: str = ""


@dataclass(frozen=True)
class Words:
    text: str
    language: str
    within: tuple[str, ...]


@dataclass
class Document(HTMLParser):
    html: str
    elements: list[Element] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)  # of text nodes, and of attributes that are read out

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[Element] = []
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        language = attributes.get("lang") or (self.open[-1].language if self.open else "")
        element = Element(tag, attributes, language)
        self.elements.append(element)
        self.open.append(element)
        for name in SPOKEN:
            self.add(attributes.get(name, ""))
        if tag == "meta" and "description" in attributes.get("name", ""):
            self.add(attributes.get("content", ""))
        if tag in VOID:
            self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if self.open and self.open[-1].tag not in NO_WORDS:
            self.add(data)

    def add(self, text: str) -> None:
        if text := " ".join(text.split()):
            self.words.append(Words(text, self.open[-1].language, tuple(element.tag for element in self.open)))

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]
