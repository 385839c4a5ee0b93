"""What a campaign says in one language: the fields, which of them are signed, and how the page reads them."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from campaigns import markdown, structure


class Words(markdown.Rendered):
    title = models.CharField(_("title"), max_length=150)
    summary = models.TextField(_("summary"), help_text=_("Paragraphs, with a blank line between them."))
    key_figures = models.TextField(
        _("key figures"),
        blank=True,
        help_text=_("One a line: 49 | people killed"),
        validators=[structure.check_figures],
    )
    key_figures_period = models.CharField(_("dates of the key figures"), max_length=100, blank=True)
    sections = models.TextField(
        _("sections"),
        help_text=_("A heading (## What is the problem?), a blank line, paragraphs; as many as are needed."),
        validators=[structure.check_sections],
    )
    places = models.TextField(
        _("places"),
        blank=True,
        help_text=_("One a line, with latitude and longitude for the map: Juliaca | -15.50, -70.13"),
        validators=[structure.check_places],
    )
    places_text = models.TextField(_("what happened in the places"), blank=True)
    addressee = models.CharField(_("addressee"), max_length=200, help_text=_("The office, never a person."))
    demands_opening = models.TextField(_("demands: opening"), help_text=_("The words before the list."))
    demands = models.TextField(_("demands"), help_text=_("One a line."))
    demands_closing = models.TextField(_("demands: closing"), blank=True, help_text=_("The words after the list."))
    call_heading = models.CharField(_("call to action: heading"), max_length=150)
    call_to_action = models.TextField(_("call to action"))
    signing_heading = models.CharField(_("what signing does: heading"), max_length=150)
    signing_text = models.TextField(_("what signing does"))
    data_heading = models.CharField(_("your data: heading"), max_length=150)
    data_text = models.TextField(
        _("your data"), help_text=_("What happens to a signer’s data, in plain words. The date of erasure is added.")
    )
    share_text = models.CharField(
        _("text for sharing"), max_length=200, help_text=_("Suggested to those who share the petition.")
    )
    consent_text = models.TextField(
        _("consent text"),
        help_text=_("What signers agree to. A change makes a new version; the earlier ones are kept."),
    )
    text_as_of = models.CharField(
        _("text as of"),
        max_length=100,
        help_text=_(
            "When the text was written, as it reads after “This text was written”: about a year after the protests"
        ),
    )

    # The words themselves, in the order of the page: what is translated, and what a digest is made of.
    WORDS = (
        "title",
        "summary",
        "key_figures",
        "key_figures_period",
        "sections",
        "places",
        "places_text",
        "addressee",
        "demands_opening",
        "demands",
        "demands_closing",
        "call_heading",
        "call_to_action",
        "signing_heading",
        "signing_text",
        "data_heading",
        "data_text",
        "share_text",
        "consent_text",
        "text_as_of",
    )
    # The petition itself: those who have signed have signed these.
    SIGNED = (
        "title",
        "summary",
        "key_figures",
        "key_figures_period",
        "sections",
        "places",
        "places_text",
        "addressee",
        "demands_opening",
        "demands",
        "demands_closing",
    )
    # Running text, beside the bodies of `sections`.
    MARKDOWN = (
        "summary",
        "places_text",
        "demands_opening",
        "demands_closing",
        "call_to_action",
        "signing_text",
        "data_text",
    )
    RENDERED = (*MARKDOWN, "sections")

    class Meta:
        abstract = True

    @property
    def words(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.WORDS}

    @property
    def digest(self) -> str:
        """SHA-256 of the words, by which we know whether they are those that somebody has seen."""
        return hashed(self.words.values())

    def render(self) -> dict[str, Any]:
        """Raises ValidationError where the sections have no structure."""
        html: dict[str, Any] = {name: markdown.render(getattr(self, name)) for name in self.MARKDOWN}
        sections = structure.sections(self.sections)
        return html | {"sections": [[part.heading, markdown.render(part.body)] for part in sections]}

    @property
    def summary_in_words(self) -> str:
        return markdown.plain(self.rendered["summary"])

    @property
    def figure_list(self) -> list[structure.Figure]:
        return structure.figures(self.key_figures)

    @property
    def section_list(self) -> list[structure.Section]:
        parts = self.made["sections"]
        return [structure.Section(heading, mark_safe(body)) for heading, body in parts]  # noqa: S308  (cleaned at save)

    @property
    def place_list(self) -> list[structure.Place]:
        return structure.places(self.places)

    @property
    def demand_list(self) -> list[str]:
        return structure.lines(self.demands)


def hashed(values: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(values).encode()).hexdigest()
