"""The outbox: letters, the addresses that get none, and how the mail server has treated us of late."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.models.signature import Signature


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
