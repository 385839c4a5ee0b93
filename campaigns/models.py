"""A campaign, who is responsible for it, its words in each language, and the consent texts that people agree to."""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns import structure

# First parts of addresses below the language that belong to other pages.
RESERVED = {"accessibility", "confirm", "signature"}


def check_slug(slug: str) -> None:
    if slug in RESERVED:
        raise ValidationError(_("This address belongs to another page."))


def languages() -> list[tuple[str, Any]]:
    """A function, so that another language needs no migration."""
    return list(settings.LANGUAGES)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def published(self) -> Self:
        """Those that visitors may see; whether they can sign is `Campaign.is_open`."""
        return self.exclude(state=Campaign.State.DRAFT)

    def open(self) -> Self:
        now = timezone.now()
        return self.filter(
            Q(opens_at=None) | Q(opens_at__lte=now), Q(closes_at=None) | Q(closes_at__gt=now), state=Campaign.State.OPEN
        )


class Campaign(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    # What a campaign must say of those who carry it before it can be opened (GDPR, art. 13; Ley 29733, art. 18).
    RESPONSIBILITY = (
        "organisation",
        "postal_address",
        "privacy_contact",
        "representative_in_peru",
        "data_host",
        "mail_sender",
        "supervisory_authority",
        "minimum_age",
        "closes_at",
        "retention_days",
        "corrections_name",
        "corrections_email",
    )

    slug = models.SlugField(_("address"), max_length=80, unique=True, validators=[check_slug])
    source_language = models.CharField(
        _("source language"), max_length=12, default="en", help_text=_("The language the petition was written in.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    opens_at = models.DateTimeField(_("opens at"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    progress_shown_from = models.PositiveIntegerField(
        _("progress shown from"), default=500, help_text=_("Below so many signatures neither count nor goal is shown.")
    )

    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    postal_address = models.TextField(_("postal address"), blank=True)
    privacy_contact = models.EmailField(_("privacy contact"), blank=True)
    representative_in_peru = models.TextField(
        _("representative in Peru"), blank=True, help_text=_("Name and address, or why none is needed.")
    )
    data_host = models.CharField(_("where the data is hosted"), max_length=200, blank=True)
    mail_sender = models.CharField(_("who sends the mail"), max_length=200, blank=True)
    supervisory_authority = models.CharField(_("supervisory authority"), max_length=200, blank=True)
    minimum_age = models.PositiveSmallIntegerField(_("minimum age"), null=True, blank=True)
    retention_days = models.PositiveIntegerField(
        _("retention"),
        null=True,
        blank=True,
        help_text=_("Days after the closing date until names and addresses are erased."),
    )
    corrections_name = models.CharField(
        _("corrections: name"), max_length=100, blank=True, help_text=_("Whom to write to about mistakes in the words.")
    )
    corrections_email = models.EmailField(_("corrections: address"), blank=True)
    is_demonstration = models.BooleanField(
        _("demonstration"),
        default=False,
        editable=False,
        help_text=_("Carried by a “Demonstration organisation” that does not exist; the pages say so."),
    )
    loaded = models.JSONField(
        default=dict,
        editable=False,
        help_text=_("What was last loaded from the files, to tell it from what staff wrote."),
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def clean(self) -> None:
        for name in ("postal_address", "representative_in_peru"):
            setattr(self, name, getattr(self, name).replace("\r\n", "\n").strip())

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN and not self.is_before_opening and not self.is_after_closing

    @property
    def is_before_opening(self) -> bool:
        return self.opens_at is not None and timezone.now() < self.opens_at

    @property
    def is_after_closing(self) -> bool:
        return self.closes_at is not None and timezone.now() >= self.closes_at

    @property
    def source_text(self) -> "CampaignText | None":
        return self.texts.filter(language=self.source_language).first()

    @property
    def erased_on(self) -> date | None:
        """The day on which names and addresses are erased."""
        if self.closes_at is None or self.retention_days is None:
            return None
        closing: datetime = timezone.localtime(self.closes_at)
        return (closing + timedelta(days=self.retention_days)).date()

    def missing_responsibility(self) -> list[str]:
        """The fields, by name, that must be filled in before the campaign can be opened."""
        return [name for name in self.RESPONSIBILITY if getattr(self, name) in (None, "")]


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


class ConsentTextQuerySet(models.QuerySet["ConsentText"]):
    def current(self, campaign: Campaign, language: str) -> "ConsentText | None":
        return self.filter(campaign=campaign, language=language).order_by("-version").first()


class ConsentText(models.Model):
    """One version of what signers agree to. Rows are added, never changed: signatures point to them."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="consent_texts", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12)
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(_("made at"), default=timezone.now)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language", "version"], name="one_consent_text_per_campaign_language_and_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.language} {self.version}"

    @staticmethod
    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()
