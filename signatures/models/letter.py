"""The outbox: letters, the addresses that get none, and how the mail server has treated us of late."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.models.signature import Signature


class LetterQuerySet(models.QuerySet["Letter"]):
    def waiting(self) -> Self:
        return self.filter(state=Letter.State.WAITING)

    def meant_to_leave(self) -> Self:
        """Those that were, or are to be, sent, whatever the mail server made of them."""
        return self.filter(state__in={Letter.State.WAITING, Letter.State.SENT, Letter.State.FAILED})


class Letter(models.Model):
    """One row is one letter, and all of them are the outbox. The address is kept only until the letter has gone.

    A letter that is not to be sent is a row like the others, so that no path through the site does more than another.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", _("confirmation")
        ALREADY_SIGNED = "already_signed", _("signed already")
        REMINDER = "reminder", _("reminder")
        RECEIPT = "receipt", _("receipt")
        PAGE_LINK = "page_link", _("link to one’s signature")
        ADDRESS_CHANGE = "address_change", _("change of address")
        ERASED = "erased", _("erasure done")

    # Those that somebody at a keyboard is waiting for; all others can be declined.
    ASKED_FOR = frozenset({Kind.CONFIRMATION, Kind.PAGE_LINK, Kind.ADDRESS_CHANGE, Kind.ERASED})

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CAPPED = "capped", _("not sent: too many letters to this address")
        SUPPRESSED = "suppressed", _("not sent: this address takes no letters")
        NOBODY = "nobody", _("not sent: nobody has signed with this address")
        BLOCKED = "blocked", _("not sent: blocked by a rule of staff")

    FIRST, LATER = 0, 1  # priorities

    signature = models.ForeignKey(
        Signature, models.CASCADE, null=True, related_name="letters", verbose_name=_("signature")
    )
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, related_name="+", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12, db_default="")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    priority = models.PositiveSmallIntegerField(default=LATER, db_default=LATER)
    to = models.CharField(_("to"), max_length=254, blank=True)
    fingerprint = models.BinaryField(
        max_length=32, null=True, help_text="Of the address, as in `Signature`: what the caps count by."
    )
    details = models.JSONField(
        default=dict, db_default={}, help_text="What its words need beyond the signature; emptied when sent."
    )
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    lease = models.UUIDField(null=True, editable=False, help_text="Who is sending it; `due_at` says until when.")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    needs_reminder = models.BooleanField(
        default=False, db_default=False, help_text="Nobody has looked yet whether it was answered."
    )
    error = models.CharField(
        _("error"), max_length=100, blank=True, help_text=_("The kind of failure, without the address.")
    )

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes = [
            models.Index(fields=["priority", "due_at"], condition=Q(state="waiting"), name="letter_due"),
            models.Index(fields=["campaign", "fingerprint"], name="letter_address"),
            models.Index(fields=["sent_at"], condition=Q(state="sent", needs_reminder=True), name="letter_unanswered"),
            # What retention walks. Not BRIN: rows that are deleted make room for new ones anywhere in the table.
            models.Index(fields=["created_at"], condition=~Q(state="waiting"), name="letter_over"),
            models.Index(fields=["created_at"], condition=Q(signature=None), name="letter_loose"),
            models.Index(fields=["created_at"], condition=Q(state="failed"), name="letter_failed"),
            # For the lists of staff: what is rare among millions.
            models.Index(
                fields=["state", "id"], condition=~Q(state__in=["waiting", "sent"]), name="letter_of_rare_state"
            ),
            models.Index(
                fields=["kind", "id"],
                condition=~Q(kind__in=["confirmation", "receipt", "reminder"]),
                name="letter_of_rare_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def in_force(self) -> Self:
        since = timezone.now() - timedelta(days=Suppression.BOUNCE_DAYS)
        return self.exclude(reason=Suppression.Reason.BOUNCED, made_at__lt=since)


class Suppression(models.Model):
    """An address that gets no letters, kept as a fingerprint of its own (`addresses.suppression_fingerprint`)."""

    BOUNCE_DAYS = 30  # a mailbox that did not exist may exist later

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("a letter was refused for good")
        ASKED = "asked", _("asked us never to write again")
        UNSUBSCRIBED = "unsubscribed", _("wants only letters that were just asked for")

    fingerprint = models.BinaryField(max_length=32)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    made_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "reason"], name="one_suppression_per_address_and_reason")
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Outbox(models.Model):
    """One row: until when no letter leaves, and how many have been taken in this minute."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    paused_until = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0, help_text="By the mail server, one after the other.")
    minute = models.DateTimeField(null=True)
    taken = models.PositiveIntegerField(default=0, help_text="Letters taken for sending in that minute.")
    error = models.CharField(
        max_length=100, default="", db_default="", help_text="The last refusal, without the server's own words."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_outbox")]
