"""Running text as staff write it, in Markdown, to the few elements of HTML that a page of ours may hold.

The parser knows paragraphs, lists, quotations, emphasis and links and nothing else: headings belong to the structure
of a campaign (`structure.py`), and HTML is text like any other. What it makes is cleaned once more, by another hand.
"""

from collections.abc import Mapping
from html import unescape
from typing import Any

import nh3
from django.db import models
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

ELEMENTS = {"a", "blockquote", "br", "em", "li", "ol", "p", "strong", "ul"}
RULES = ["autolink", "blockquote", "emphasis", "entity", "escape", "link", "list", "newline"]
SCHEMES = ("https", "mailto")


class Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  (the parser's own name)
        """What is no link for us stays on the page as it was typed, where the preview shows it."""
        return url.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


parser = Parser("zero", {"breaks": True, "html": False}).enable(RULES)


def render(text: str) -> str:
    """HTML that is safe whatever the text holds. A line break is kept, a blank line begins a paragraph."""
    return nh3.clean(
        parser.render(text),
        tags=ELEMENTS,
        attributes={"a": {"href"}, "*": set()},
        url_schemes=set(SCHEMES),
        link_rel="noopener",
    ).strip()


def plain(html: str) -> str:
    """The words alone, for where no element may stand."""
    return unescape(strip_tags(html))


class RenderedField(models.JSONField):
    """The HTML of a row's Markdown by field, made by the row's `render` each time the row is saved.

    So no page renders, and none shows HTML of other words. Only `QuerySet.update` gets past it: it is not for words.
    """

    def pre_save(self, row: models.Model, add: bool) -> Any:
        html = row.render()  # type: ignore[attr-defined]
        setattr(row, self.attname, html)
        return html

    def deconstruct(self) -> Any:
        """Migrations see a plain column: the rows that they know cannot render."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


def safe(html: Mapping[str, Any]) -> dict[str, SafeString]:
    """What `render` has made, for templates."""
    return {name: mark_safe(words) for name, words in html.items() if isinstance(words, str)}  # noqa: S308  (cleaned)
