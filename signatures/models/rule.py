"""Rules of staff: which new signatures are held back, or get no letter to confirm by."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def in_thirty_days() -> datetime:
    return timezone.now() + timedelta(days=30)


class RuleQuerySet(models.QuerySet["Rule"]):
    def in_force(self) -> Self:
        return self.exclude(key="").filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


class Rule(models.Model):
    """It acts on new signatures only. It is ended and not deleted, so that its number keeps its meaning in doubts.

    How often it has caught somebody is not counted here: all signers would wait for one row.
    """

    EMPTIED_AFTER_DAYS = 30  # from its end: the address or network that it was about

    class Kind(models.TextChoices):
        DOMAIN = "domain", _("mail domain")
        ADDRESS = "address", _("email address")
        NETWORK = "network", _("network")

    class Action(models.TextChoices):
        HOLD = "hold", _("hold")
        BLOCK = "block", _("block")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    pattern = models.CharField(
        _("pattern"), max_length=255, blank=True, help_text=_("Of an address nothing is kept but a fingerprint.")
    )
    key = models.CharField(
        max_length=255, editable=False, help_text="What signing looks up: the pattern, or the address's fingerprint."
    )
    action = models.CharField(
        _("action"),
        max_length=5,
        choices=Action,
        help_text=_("Held, it waits until somebody has looked. Blocked, it gets no letter and is never confirmed."),
    )
    note = models.CharField(_("note"), max_length=200, help_text=_("What it is about and why. For staff only."))
    expires_at = models.DateTimeField(
        _("ends"),
        null=True,
        blank=True,
        default=in_thirty_days,
        help_text=_("Empty: it does not end by itself. Better give it an end: it is easily forgotten."),
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made at"), default=timezone.now, editable=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["key"], name="rule_key"),
            models.Index(fields=["expires_at"], condition=~Q(kind="domain") & ~Q(key=""), name="rule_to_empty"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_in_force(self) -> bool:
        return bool(self.key) and (self.expires_at is None or self.expires_at > timezone.now())
