"""Running text is Markdown, and nothing but harmless elements comes out of it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import markdown

ALLOWED = markdown.ELEMENTS


class Elements(HTMLParser):
    """What a browser would find in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in ALLOWED
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        assert (attributes.get("href") or "https:").lower().startswith(("https:", "mailto:"))


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<p onclick=alert(1)>hi</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](http://example.org/)",
    "[x](//example.org/)",
    "[x](https://example.org/ \"onmouseover=alert(1)\")",
    "![x](https://example.org/pixel.png)",
    "<javascript:alert(1)>",
    "<https://example.org/\"onclick=alert(1)>",
    "<style>p{}</style>\n\n<svg/onload=alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    "<!-- <script> --><iframe src=https://example.org/>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_hostile_is_shown_as_typed_or_not_at_all(text: str) -> None:
    html = markdown.render(text)

    assert_harmless(html)
    assert "<script" not in html
    assert "<img" not in html


PIECES = st.one_of(st.sampled_from(HOSTILE), st.sampled_from("*_[]()<>\"'&\n> -1.`#\\:/"), st.text(max_size=9))


@settings(max_examples=60)
@given(st.lists(PIECES, max_size=20).map("".join))
def test_no_mixture_of_it_gets_through(text: str) -> None:
    assert_harmless(markdown.render(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo\n\nthree", "<p>One<br>\ntwo</p>\n<p>three</p>"),
        ("**a** *b*", "<p><strong>a</strong> <em>b</em></p>"),
        ("[a](https://example.org/?a=1&b=2)", '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener">a</a></p>'),
        ("<mail@example.org>", '<p><a href="mailto:mail@example.org" rel="noopener">mail@example.org</a></p>'),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("## No heading", "<p>## No heading</p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("", ""),
    ],
)
def test_what_staff_may_write(text: str, html: str) -> None:
    assert markdown.render(text) == html
