"""The words of a campaign in each language, and what has happened since they were written."""

import hashlib
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns import structure
from campaigns.models.campaign import Campaign


def languages() -> list[tuple[str, Any]]:
    """A function, so that another language needs no migration."""
    return list(settings.LANGUAGES)


class CampaignTextQuerySet(models.QuerySet["CampaignText"]):
    def in_language(self, language: str) -> Self:
        return self.filter(language=language).select_related("campaign").prefetch_related("campaign__texts")


class CampaignText(models.Model):
    """The words of one campaign in one language. They are what people sign: they change only knowingly."""

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
    source_digest = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="SHA-256 of the source words that this translation was last saved beside.",
    )
    loaded = models.JSONField(default=dict, editable=False)

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
        return self.title

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
    def digest(self) -> str:
        """SHA-256 of the words, by which a translation knows whether its source has changed."""
        return hashlib.sha256("\0".join(getattr(self, name) for name in self.WORDS).encode()).hexdigest()

    def is_out_of_date(self, source: "CampaignText | None") -> bool:
        """Whether the source's words have changed since this translation was saved beside them."""
        return source is not None and not self.is_source and self.source_digest != source.digest

    @property
    def figure_list(self) -> list[structure.Figure]:
        return structure.figures(self.key_figures)

    @property
    def section_list(self) -> list[structure.Section]:
        return structure.sections(self.sections)

    @property
    def place_list(self) -> list[structure.Place]:
        return structure.places(self.places)

    @property
    def demand_list(self) -> list[str]:
        return structure.lines(self.demands)


class UpdateQuerySet(models.QuerySet["Update"]):
    def published(self, campaign: Campaign, language: str) -> Self:
        return self.filter(campaign=campaign, language=language, published_at__lte=timezone.now())


class Update(models.Model):
    """What has happened since the petition was written: dated, with its source, beside words that stay as they are."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="updates", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12, choices=languages)
    published_at = models.DateTimeField(_("published at"), default=timezone.now)
    title = models.CharField(_("title"), max_length=150)
    body = models.TextField(_("text"), help_text=_("Paragraphs, with a blank line between them."))
    source = models.CharField(_("source"), max_length=300, help_text=_("Who says so, and where it can be read."))
    reviewer = models.CharField(_("reviewer"), max_length=100)

    objects = UpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["-published_at"]

    def __str__(self) -> str:
        return self.title
