"""The accounts of what staff did: acts on signatures, and exports."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.models.signature import Signature

Staff = User | None


class ModerationAct(models.Model):
    """Who decided what on how many signatures, when and why. Of erased ones the number is all that is kept."""

    class Action(models.TextChoices):
        HOLD = "hold", _("hold")
        RELEASE = "release", _("release")
        REJECT = "reject", _("reject")
        WITHDRAW = "withdraw", _("withdraw")
        ERASE = "erase", _("erase")

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("action"), max_length=8, choices=Action)
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
