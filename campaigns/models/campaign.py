"""A campaign, and who is responsible for it."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns import goals

if TYPE_CHECKING:
    from campaigns.models.text import CampaignText

# First parts of addresses below the language that belong to other pages.
RESERVED = {"accessibility", "address", "confirm", "not-me", "signature", "unsubscribe"}


def check_slug(slug: str) -> None:
    if slug in RESERVED:
        raise ValidationError(_("This address belongs to another page."))


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
        DELIVERED = "delivered", _("delivered")

    # Where staff may take it next. Closing and delivering can be taken back; a campaign that was out is never a draft.
    NEXT = {
        State.DRAFT: (State.OPEN,),
        State.OPEN: (State.PAUSED, State.CLOSED),
        State.PAUSED: (State.OPEN, State.CLOSED),
        State.CLOSED: (State.OPEN, State.DELIVERED),
        State.DELIVERED: (State.CLOSED,),
    }

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
    default_visibility = models.CharField(
        _("visibility chosen beforehand"),
        max_length=9,
        blank=True,
        db_default="",
        choices=[("delivered", _("name and country handed over")), ("secret", _("counted only"))],
        help_text=_("In the sign box. Empty: everybody chooses for themselves, as the law on consent would have it."),
    )
    delivered_on = models.DateField(
        _("delivered on"), null=True, blank=True, editable=False, help_text=_("When the signatures were handed over.")
    )
    goal_steps = models.CharField(
        _("goal steps"),
        max_length=200,
        blank=True,
        db_default="",
        validators=[goals.check_steps],
        help_text=_("One after the other: 500, 1000, 5000. Empty, and after the last, the goal rises by itself."),
    )
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
    def state_now(self) -> str:
        """The state as of now: the closing date closes a campaign by itself, without a task and to the second."""
        is_over = self.state in (self.State.OPEN, self.State.PAUSED) and self.is_after_closing
        return self.State.CLOSED if is_over else self.State(self.state)

    @property
    def next_states(self) -> tuple[str, ...]:
        """Where staff may take it from here. Past its closing date it opens only once it has got another."""
        states = self.NEXT[self.State(self.state_now)]
        return tuple(state for state in states if not (state == self.State.OPEN and self.is_after_closing))

    @property
    def has_opened(self) -> bool:
        """Whether anybody can have signed."""
        return self.state != self.State.DRAFT and not self.is_before_opening

    def goal_for(self, count: int) -> int:
        return goals.goal_for(count, goals.own_steps(self.goal_steps))

    @property
    def source_text(self) -> "CampaignText | None":
        return next((text for text in self.texts.all() if text.language == self.source_language), None)

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
