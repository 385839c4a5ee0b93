"""Running text as staff write it, in Markdown, to the few elements of HTML that a page of ours may hold.

The parser knows paragraphs, lists, quotations, emphasis and links and nothing else: headings belong to the structure
of a campaign (`structure.py`), and HTML is text like any other. What it makes is cleaned once more, by another hand.
"""

from collections.abc import Iterable
from hashlib import sha256
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


def digest(row: models.Model, names: Iterable[str]) -> str:
    return sha256("\0".join(getattr(row, name) for name in names).encode()).hexdigest()


class RenderedField(models.JSONField):
    """The HTML of a row's Markdown by field, made anew each time the row is saved."""

    def pre_save(self, row: Any, add: bool) -> Any:
        html = {"of": digest(row, row.RENDERED), **row.render()}
        setattr(row, self.attname, html)
        return html

    def deconstruct(self) -> Any:
        """Migrations see a plain column: the rows that they know cannot render."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class Rendered(models.Model):
    """A row whose running text is rendered when it is saved.

    The HTML is kept with a digest of the words that it was made of. So a page never shows HTML of other words, whoever
    wrote them past `save`: there they are rendered as they are read.
    """

    RENDERED: tuple[str, ...]  # the fields that `render` reads

    html = RenderedField(default=dict, db_default={}, editable=False)

    class Meta:
        abstract = True

    def render(self) -> dict[str, Any]:
        return {name: render(getattr(self, name)) for name in self.RENDERED}

    @property
    def made(self) -> dict[str, Any]:
        """What `render` makes of the words as they are, from the row where it is there."""
        return self.html if self.html.get("of") == digest(self, self.RENDERED) else self.render()

    @property
    def rendered(self) -> dict[str, SafeString]:
        """For templates."""
        return {name: mark_safe(html) for name, html in self.made.items() if isinstance(html, str)}  # noqa: S308  (cleaned)
