"""What each page is as a document: its headings, title, language and words, and what it asks of a browser."""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from babel.messages.pofile import read_po

from tests.browser.pages.documents import Document, Element
from tests.browser.pages.looks import Look
from tests.browser.pages.staging import NAMES
from tests.browser.site import ROOT, Site

pytestmark = pytest.mark.xdist_group("pages")

# What reads the same in both languages, beside names of people: proper names.
SAME_IN_BOTH = {
    "Andahuaylas",
    "Ayacucho",
    "Juliaca",
    "Andahuaylas · Ayacucho · Juliaca",
    "Email",
    "Facebook",
    "Telegram",
    "WhatsApp",
    "English",
    "Español",
    "Example Organisation",
    "Example Authority",
    "Example Host, Exampletown",
    "Example Mail, Exampletown",
    "1 Example Street, Exampletown",
    "None is needed: this is a test.",
}


@pytest.fixture(scope="module")
def documents(looks: list[Look]) -> list[tuple[Look, Document]]:
    return [(look, Document(look.html)) for look in looks]


def test_each_page_has_one_h1_and_headings_without_a_jump(documents: list[tuple[Look, Document]]) -> None:
    wrong = {}
    for look, document in documents:
        levels = [int(heading.tag[1]) for heading in document.all("h1", "h2", "h3", "h4", "h5", "h6")]
        steps = [after - before for before, after in pairwise(levels)]
        if levels[:1] != [1] or levels.count(1) != 1 or any(step > 1 for step in steps):
            wrong[str(look)] = levels
    assert wrong == {}


def test_each_page_says_its_language_and_its_title_whether_there_is_an_error(
    documents: list[tuple[Look, Document]],
) -> None:
    for look, document in documents:
        [html] = document.all("html")
        assert html.attributes["lang"] == look.language, look
        [title] = document.all("title")
        assert title.text.strip(), look
        assert title.text.startswith("Error: ") == look.has_errors, (look, title.text)


def test_no_message_stands_untranslated_on_a_spanish_page(documents: list[tuple[Look, Document]]) -> None:
    with (ROOT / "locale/es/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file)
    english = [
        pattern(form)
        for message in catalogue
        if message.id
        for form, answer in zip(forms(message.id), forms(message.string), strict=False)
        if form != answer and len(form) > 3
    ]
    assert len(english) > 200
    left = {
        f"{look}: {words.text}"
        for look, document in documents
        if look.language == "es"
        for words in document.words
        if words.language == "es" and any(one.fullmatch(words.text) for one in english)
    }
    assert left == set()


def test_no_words_are_the_same_on_the_spanish_and_the_english_page(documents: list[tuple[Look, Document]]) -> None:
    """What never was a message, or whose row was not translated, would be."""
    words = {
        (look.name, look.language): {
            one.text
            for one in document.words
            if one.language == look.language and "option" not in one.within and re.search(r"[^\W\d_]{3}", one.text)
        }
        for look, document in documents
    }
    same = set()
    for name, language in words:
        if language == "es" and (name, "en") in words:
            same |= words[name, "es"] & words[name, "en"]
    same -= SAME_IN_BOTH | set(NAMES)
    assert {text for text in same if not text.endswith(" Example") and "@" not in text and "://" not in text} == set()


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(site: Site, documents: list[tuple[Look, Document]]) -> None:
    wrong = [
        (str(look), element.tag, element.attributes)
        for look, document in documents
        for element in document.elements
        if is_inline(element.tag, element.attributes)
        or any(urlsplit(address).netloc not in ("", urlsplit(site.url).netloc) for address in loaded(element))
    ]
    assert wrong == []


def test_no_page_sets_a_cookie_and_each_has_a_strict_policy(looks: list[Look]) -> None:
    for look in looks:
        if look.is_rendered:
            continue
        headers = {name.lower(): value for name, value in look.headers}
        assert "set-cookie" not in headers, look
        assert "cookie" not in headers.get("vary", "").lower(), look
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'", look
        assert {policy[name] for name in ("script-src", "style-src", "form-action")} == {"'self'"}, look
        assert {policy[name] for name in ("base-uri", "frame-ancestors")} == {"'none'"}, look
        assert not re.search(r"unsafe|data:|\*|https?:", headers["content-security-policy"]), look


def forms(text: object) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (str(text),)


def pattern(message: str) -> re.Pattern[str]:
    """A message with anything in the place of its values; one that has hardly words of its own matches nothing."""
    pieces = re.split(r"%\(\w+\)[sd]|\{\w*\}", " ".join(message.split()))
    if len("".join(pieces).strip(" .,:")) < 4:
        return re.compile(r"(?!)")
    return re.compile(".+".join(re.escape(piece.replace("%%", "%")) for piece in pieces))


def is_inline(tag: str, attributes: dict[str, str]) -> bool:
    if tag == "style" or "style" in attributes or any(name.startswith("on") for name in attributes):
        return True
    return tag == "script" and "src" not in attributes and attributes.get("type") != "application/ld+json"


def loaded(element: Element) -> Iterator[str]:
    """The addresses that a browser asks for by itself."""
    tag, attributes = element.tag, element.attributes
    if tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "input"):
        yield attributes.get("src", "")
    if tag == "form":
        yield attributes.get("action", "")
    if tag == "link" and {"stylesheet", "icon", "preload", "preconnect", "manifest"} & {*attributes["rel"].split()}:
        yield attributes.get("href", "")
