"""Signatures, and the seats that they take when they are confirmed."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from campaigns.models import Campaign, ConsentText
from signatures.models.searching import SIGNATURE_DOMAIN, SIGNATURE_NAME

# Since when a held signature has been held. What was held before its moment was kept counts from when it was signed.
HELD_SINCE = Coalesce("held_at", "created_at")


class SignatureQuerySet(models.QuerySet["Signature"]):
    def pending(self) -> Self:
        return self.filter(state=Signature.State.PENDING)

    def confirmed(self) -> Self:
        return self.filter(state=Signature.State.CONFIRMED)

    def counted(self) -> Self:
        return self.confirmed().filter(moderation=Signature.Moderation.CLEAR)

    def latest_public(self, campaign: Campaign) -> Self:
        """The counted signatures whose names the page may show, the latest first, by an index of their own."""
        return (
            self.counted()
            .filter(campaign=campaign, visibility="public", is_name_hidden=False)
            .order_by("-confirmed_at")
        )

    def with_address(self, campaign: Campaign, fingerprint: bytes) -> Self:
        return self.filter(campaign=campaign, fingerprint=fingerprint)

    def held(self) -> Self:
        """Those that somebody has to decide on, the longest held first, by an index of their own."""
        return self.filter(moderation=Signature.Moderation.HELD).in_hand().order_by(HELD_SINCE)

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
    is_name_hidden = models.BooleanField(
        _("name hidden"),
        default=False,
        db_default=False,
        help_text=_("By staff: the page does not show it, whatever the signer chose."),
    )
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
    held_at = models.DateTimeField(
        _("held at"),
        null=True,
        blank=True,
        help_text="The last time. It stays when moderation finds otherwise, so that undoing that loses no waiting.",
    )
    code_tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Codes typed for it, right or wrong."
    )
    link_generation = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Links to the signer's page are made for one generation; another address begins a new one.",
    )

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        # Each index is paid for by every signature, so that those for rare values hold these alone. Lists run along
        # `created_at`.
        indexes = [
            models.Index(fields=["campaign", "fingerprint"], name="signature_address"),
            models.Index(
                fields=["campaign", "-confirmed_at"],
                condition=Q(state="confirmed", moderation="clear", visibility="public", is_name_hidden=False),
                name="signature_shown",
            ),
            models.Index(fields=["created_at"], condition=Q(state="pending"), name="signature_pending"),
            models.Index(
                fields=["campaign", "moderation"], condition=~Q(moderation="clear"), name="signature_not_clear"
            ),
            models.Index(
                HELD_SINCE,
                F("campaign"),
                include=["held_at", "created_at"],  # or PostgreSQL would look each row up for the expression
                condition=Q(moderation="held", erased_at=None) & ~Q(state="withdrawn"),
                name="signature_held_since",
            ),
            models.Index(fields=["created_at", "id"], name="signature_created"),
            models.Index(fields=["campaign", "created_at", "id"], name="signature_of_campaign"),
            models.Index(fields=["created_at", "id"], condition=Q(state="withdrawn"), name="signature_withdrawn"),
            models.Index(
                fields=["moderation", "created_at", "id"], condition=~Q(moderation="clear"), name="signature_moderated"
            ),
            models.Index(
                fields=["language", "created_at", "id"],
                condition=~Q(language__in=["es", "en"]),
                name="signature_rare_language",
            ),
            SIGNATURE_NAME,
            SIGNATURE_DOMAIN,
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", confirmed_at=None) | ~Q(state="pending"), name="pending_is_not_confirmed"
            ),
            models.CheckConstraint(condition=~Q(state="confirmed", confirmed_at=None), name="confirmed_has_its_moment"),
            models.CheckConstraint(
                condition=~Q(erased_at=None, fingerprint=None), name="only_the_erased_have_no_fingerprint"
            ),
            models.CheckConstraint(condition=~Q(visibility="secret") | Q(name=""), name="secret_keeps_no_name"),
        ]
        permissions = [
            ("moderate_signature", _("Can hold, release and reject signatures")),
            ("export_signature", _("Can export signatures")),
            ("erase_signature", _("Can withdraw and erase signatures whose signers ask for it")),
        ]

    def __str__(self) -> str:
        # Never the name: this is what logs and error reports would show.
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def held_since(self) -> datetime:
        """Of a held one."""
        return self.held_at or self.created_at

    @property
    def is_in_hand(self) -> bool:
        """The same question as that of the query above, for one row."""
        return self.state != self.State.WITHDRAWN and self.erased_at is None

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


class DaySalt(models.Model):
    """The random salt of one day's network hashes. Once it is destroyed nobody can make such a hash again."""

    KEPT_DAYS = 30

    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)


class Origin(models.Model):
    """Where a signature came from, in keyed hashes under the day's salt: enough to see a burst, and no address.

    A row of its own, so that it can be deleted after `DaySalt.KEPT_DAYS` without touching the signature.
    """

    signature = models.OneToOneField(Signature, models.CASCADE, primary_key=True, related_name="origin")
    day = models.DateField()
    address = models.BinaryField(max_length=16, help_text="Of the network address.")
    network = models.BinaryField(max_length=16, help_text="Of its /24 or /48.")

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="origin_day"),
            models.Index(fields=["network"], name="origin_network"),
        ]
