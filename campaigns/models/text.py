"""The words of a campaign in each language, as visitors see them and as staff have drafted them."""

import hashlib
from collections.abc import Iterable
from copy import copy
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from campaigns import markdown, structure
from campaigns.models.campaign import Campaign


def languages() -> list[tuple[str, Any]]:
    """A function, so that another language needs no migration."""
    return list(settings.LANGUAGES)


class CampaignTextQuerySet(models.QuerySet["CampaignText"]):
    def published(self) -> Self:
        """Languages that visitors may see, where the campaign is one that they may see."""
        return self.filter(published_at__isnull=False)

    def in_language(self, language: str) -> Self:
        return self.filter(language=language).with_campaign()

    def with_campaign(self) -> Self:
        """And the campaign's published languages."""
        others = Prefetch("campaign__texts", CampaignText.objects.published())
        return self.select_related("campaign").prefetch_related(others)


class CampaignText(markdown.Rendered):
    """The words of one campaign in one language. They are what people sign: they change only knowingly.

    The columns are what visitors see. What staff have changed and not yet published is in `draft`, and only that: so a
    draft does not take back what a file brings meanwhile.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="texts", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12, choices=languages)
    alias = models.SlugField(
        _("readable address"),
        max_length=80,
        blank=True,
        help_text=_("A second address in this language, which leads to the first."),
    )
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
    reviewer = models.CharField(
        _("reviewer"), max_length=100, blank=True, help_text=_("Who has read this translation beside the source text.")
    )
    source_words = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The source's words, by field, that each field of this translation was last saved beside.",
    )
    html = markdown.RenderedField(default=dict, db_default={}, editable=False)
    loaded = models.JSONField(default=dict, editable=False)
    draft = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="What staff have changed and not published: values by field, of `DRAFTED` alone.",
    )
    published_at = models.DateTimeField(
        _("published at"), null=True, editable=False, default=timezone.now, db_default=Now()
    )
    changed_at = models.DateTimeField(
        _("changed at"), null=True, editable=False, help_text="When the words that people sign last changed under them."
    )
    previewed_at = models.DateTimeField(_("preview seen at"), null=True, editable=False)
    previewed_by = models.CharField(_("preview seen by"), max_length=150, editable=False, db_default="", default="")
    previewed_digest = models.CharField(max_length=64, editable=False, db_default="", default="")

    objects = CampaignTextQuerySet.as_manager()

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
    DRAFTED = ("alias", *WORDS, "reviewer", "source_words")

    class Meta:
        verbose_name = _("words of a campaign")
        verbose_name_plural = _("words of campaigns")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language"],
                name="one_text_per_campaign_and_language",
                violation_error_message=_("This campaign has words in this language already."),
            ),
            models.UniqueConstraint(
                fields=["language", "alias"],
                condition=~Q(alias=""),
                name="one_alias_per_language",
                violation_error_message=_("Another campaign has this readable address already."),
            ),
        ]
        ordering = ["campaign", "language"]

    def __str__(self) -> str:
        return self.title or f"{self.campaign} {self.language}"

    def get_absolute_url(self) -> str:
        return reverse("campaigns:page", kwargs={"slug": self.campaign.slug})

    def clean(self) -> None:
        """Browsers end lines their own way; one way is kept, or saving unchanged words would change them."""
        for name in self.WORDS:
            setattr(self, name, getattr(self, name).replace("\r\n", "\n").strip())

    @property
    def is_source(self) -> bool:
        return self.language == self.campaign.source_language

    @property
    def is_awaiting_review(self) -> bool:
        return not self.is_source and not self.reviewer

    @property
    def words(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.WORDS}

    @property
    def digest(self) -> str:
        """SHA-256 of the words, by which we know whether they are those that somebody has seen."""
        return hashed(self.words.values())

    @property
    def edition(self) -> str:
        """SHA-256 of all that staff edit: two who edit at once do not overwrite each other unknowingly."""
        return hashed([self.alias, *self.words.values(), self.reviewer])

    def with_draft(self) -> "CampaignText":
        """The words as staff have last saved them, in a row of their own that is not for saving."""
        drafted = copy(self)
        for name, value in self.draft.items():
            setattr(drafted, name, value)
        drafted.source_words = self.source_words | self.draft.get("source_words", {})
        return drafted

    def missing(self, source: "CampaignText | None") -> list[str]:
        """Fields without words: those that each text needs, and those that the source has."""
        needed = {field.name for field in self._meta.fields if not field.blank}
        if source is not None:
            needed |= {name for name in self.WORDS if getattr(source, name)}
        return [name for name in self.WORDS if name in needed and not getattr(self, name)]

    def outdated(self, source: "CampaignText | None") -> list[str]:
        """Fields whose source has changed since they were last saved beside it."""
        if source is None or self.is_source:
            return []
        return [
            name
            for name in self.WORDS
            if getattr(self, name) and self.source_words.get(name, "") != getattr(source, name)
        ]

    def is_out_of_date(self, source: "CampaignText | None") -> bool:
        return bool(self.outdated(source))

    @property
    def is_preview_seen(self) -> bool:
        """Whether somebody has looked at the page with just these words."""
        return self.previewed_digest == self.digest

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
