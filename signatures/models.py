"""The rows: signatures and the seats they take, letters, the count, and the accounts of what staff did.

A signature answers two questions in two fields: has the signer confirmed (`state`), and what does moderation say
(`moderation`). It is counted exactly when it is confirmed and clear.
"""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from campaigns.models import Campaign, ConsentText


class SignatureQuerySet(models.QuerySet["Signature"]):
    def pending(self) -> Self:
        return self.filter(state=Signature.State.PENDING)

    def confirmed(self) -> Self:
        return self.filter(state=Signature.State.CONFIRMED)

    def counted(self) -> Self:
        return self.confirmed().filter(moderation=Signature.Moderation.CLEAR)

    def latest_public(self, campaign: Campaign) -> Self:
        """The counted signatures whose names the page may show, the latest first, by an index of their own."""
        return self.counted().filter(campaign=campaign, visibility="public").order_by("-confirmed_at")

    def in_hand(self) -> Self:
        """Those that moderation can still act on: neither withdrawn nor erased."""
        return self.exclude(state=Signature.State.WITHDRAWN).filter(erased_at=None)


class Signature(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("waiting for confirmation")
        CONFIRMED = "confirmed", _("confirmed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Moderation(models.TextChoices):
        CLEAR = "clear", _("clear")
        HELD = "held", _("held")
        REJECTED = "rejected", _("rejected")

    class Visibility(models.TextChoices):
        SECRET = "secret", _("counted only")
        DELIVERED = "delivered", _("name and country handed over")
        PUBLIC = "public", _("handed over and shown on the page")

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="signatures", db_index=False, verbose_name=_("campaign")
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PENDING)
    moderation = models.CharField(_("moderation"), max_length=8, choices=Moderation, default=Moderation.CLEAR)
    moderation_reason = models.CharField(_("reason"), max_length=200, blank=True)
    visibility = models.CharField(_("visibility"), max_length=9, choices=Visibility)
    name = models.CharField(_("name"), max_length=100, blank=True)
    email = models.CharField(_("email address"), max_length=254, blank=True)
    country = CountryField(_("country"))
    language = models.CharField(_("language"), max_length=12)
    wants_updates = models.BooleanField(_("wants news"), default=False)
    consent = models.ForeignKey(ConsentText, models.PROTECT, db_index=False, verbose_name=_("consent text"))
    fingerprint = models.BinaryField(
        max_length=32,
        null=True,
        help_text="Keyed HMAC of the address in canonical form (addresses.py); empty once erased.",
    )
    created_at = models.DateTimeField(_("signed at"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        # Few indexes: each is paid for by every signature. Lists run along the primary key.
        indexes = [
            models.Index(fields=["campaign", "fingerprint"], name="signature_address"),
            models.Index(
                fields=["campaign", "-confirmed_at"],
                condition=Q(state="confirmed", moderation="clear", visibility="public"),
                name="signature_on_page",
            ),
            models.Index(
                fields=["campaign", "moderation"], condition=~Q(moderation="clear"), name="signature_not_clear"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", confirmed_at=None) | ~Q(state="pending"), name="pending_is_not_confirmed"
            ),
            models.CheckConstraint(condition=~Q(state="confirmed", confirmed_at=None), name="confirmed_has_its_moment"),
            models.CheckConstraint(condition=~Q(state="pending", fingerprint=None), name="pending_has_its_fingerprint"),
            models.CheckConstraint(condition=~Q(visibility="secret") | Q(name=""), name="secret_keeps_no_name"),
        ]
        permissions = [
            ("moderate_signature", _("Can hold, release and reject signatures")),
            ("export_signature", _("Can export signatures")),
        ]

    def __str__(self) -> str:
        # Never the name: this is what logs and error reports would show.
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_counted(self) -> bool:
        return self.state == self.State.CONFIRMED and self.moderation == self.Moderation.CLEAR


class Seat(models.Model):
    """A confirmed address in a campaign: two seats at the most, under different names.

    Seats are taken by `INSERT … ON CONFLICT DO NOTHING` when a signature is confirmed, and given back when it is
    withdrawn or erased. Nothing is reserved before, so that nobody can sign for another and lock them out.
    """

    PER_ADDRESS = 2

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    signature = models.OneToOneField(Signature, models.CASCADE, related_name="seat")
    fingerprint = models.BinaryField(max_length=32)
    number = models.PositiveSmallIntegerField()
    name_fingerprint = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "fingerprint", "number"], name="one_signature_per_seat"),
            models.UniqueConstraint(
                fields=["campaign", "fingerprint", "name_fingerprint"], name="one_seat_per_address_and_name"
            ),
            models.CheckConstraint(condition=Q(number__in=[1, 2]), name="two_seats_per_address"),
        ]


class LetterQuerySet(models.QuerySet["Letter"]):
    def waiting(self) -> Self:
        return self.filter(state=Letter.State.WAITING)

    def recent(self, kind: str, age: timedelta) -> Self:
        return self.filter(kind=kind, created_at__gt=timezone.now() - age).exclude(state=Letter.State.CAPPED)


class Letter(models.Model):
    """One row is one letter, and all of them are the outbox. The address is kept only until the letter has gone."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", _("confirmation")
        ALREADY_SIGNED = "already_signed", _("signed already")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CAPPED = "capped", _("not sent: too many letters to this address")

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="letters", verbose_name=_("signature"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    to = models.CharField(_("to"), max_length=254, blank=True)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    lease = models.UUIDField(null=True, editable=False, help_text="Who is sending it; `due_at` says until when.")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(
        _("error"), max_length=100, blank=True, help_text=_("The kind of failure, without the address.")
    )

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="letter_waiting")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class CountDelta(models.Model):
    """What a statement did to the count; written by triggers on `Signature`, folded away by `tally.fold`."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_constraint=False, db_index=False)
    country = models.CharField(max_length=2)
    hour = models.DateTimeField()
    n = models.IntegerField()


class Tally(models.Model):
    """Counted signatures won or lost in one hour from one country; summed up, the history of a campaign."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    country = models.CharField(max_length=2)
    hour = models.DateTimeField()
    n = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "country", "hour"], name="one_tally_per_campaign_country_hour"),
        ]


class Total(models.Model):
    """The folded count of a campaign, in a row that no signer and no editor touches."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True)
    n = models.IntegerField()


class ViaTally(models.Model):
    """Signatures made after following a shared link, by channel and day, in sum; nothing tells whose.

    A row has sixteen shards, so that the signers of a busy channel do not wait for each other.
    """

    SHARDS = 16

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    channel = models.CharField(_("channel"), max_length=10)
    day = models.DateField(_("day"))
    shard = models.PositiveSmallIntegerField()
    n = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "channel", "day", "shard"], name="one_via_tally_per_shard"),
        ]


class ModerationAct(models.Model):
    """Who decided what on how many signatures, when and why."""

    class Action(models.TextChoices):
        HOLD = "hold", _("hold")
        RELEASE = "release", _("release")
        REJECT = "reject", _("reject")

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("action"), max_length=7, choices=Action)
    reason = models.CharField(_("reason"), max_length=200)
    how_many = models.PositiveIntegerField(_("how many"))
    made_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("act of moderation")
        verbose_name_plural = _("acts of moderation")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.how_many}"


class ModeratedSignature(models.Model):
    """One signature in one act, with what moderation said of it before."""

    act = models.ForeignKey(ModerationAct, models.CASCADE, related_name="moderated")
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="moderated")
    before = models.CharField(max_length=8, choices=Signature.Moderation)


class ExportRecord(models.Model):
    """The account of one export. It is complete only after the last byte; one that was broken off says so."""

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty where the export was made on the server's command line."),
    )
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name=_("campaign"))
    preset = models.CharField(_("preset"), max_length=10)
    purpose = models.CharField(_("purpose"), max_length=200)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    unnamed = models.PositiveIntegerField(_("counted without a row"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = _("record of an export")
        verbose_name_plural = _("records of exports")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.preset} {self.started_at:%Y-%m-%d %H:%M}"


Staff = User | None
