"""The accounts of what staff did: acts on signatures, exports, and pauses of the whole site."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.models.signature import Signature

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Staff = User | None


class ModerationAct(models.Model):
    """Who decided what on how many signatures, when and why. Of erased ones the number is all that is kept."""

    class Action(models.TextChoices):
        HOLD = "hold", _("hold")
        RELEASE = "release", _("release")
        REJECT = "reject", _("reject")
        RESTORE = "restore", _("restore")
        HIDE = "hide", _("hide the name")
        SHOW = "show", _("show the name again")
        UNDO = "undo", _("undo")
        WITHDRAW = "withdraw", _("withdraw")
        ERASE = "erase", _("erase")
        CORRECT = "correct", _("correct a name")
        NO_NEWS = "no_news", _("end news")
        COPY = "copy", _("copy of what is held")
        RESEND = "resend", _("send the letter again")

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("action"), max_length=8, choices=Action)
    reason = models.CharField(_("reason"), max_length=200, help_text="A fixed one (reasons.py), or in staff's words.")
    note = models.CharField(_("note"), max_length=200, blank=True, db_default="")
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
    reason_before = models.CharField(max_length=200, blank=True, db_default="")
    was_hidden = models.BooleanField(default=False, db_default=False)


class PauseAct(models.Model):
    """Somebody paused exports and public names for the whole site, or ended that. The last row says how it stands.

    The database refuses to change and to delete a row (migration 0020).
    """

    class Action(models.TextChoices):
        PAUSE = "pause", _("pause")
        RESUME = "resume", _("resume")

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("action"), max_length=6, choices=Action)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("pause of the site")
        verbose_name_plural = _("pauses of the site")
        ordering = ["-pk"]
        permissions = [
            ("pause_site", _("Can pause exports and public names")),
            ("resume_site", _("Can end a pause of exports and public names")),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.made_at:%Y-%m-%d %H:%M}"


class ExportRecord(models.Model):
    """The account of one export. It is complete only after the last byte; one that was broken off says so.

    The database refuses to delete one, to change what it was begun with, and to change it at all once it has ended
    (migration 0009).
    """

    class Form(models.TextChoices):
        COMMA = "comma", _("for a spreadsheet, with commas")
        SEMICOLON = "semicolon", _("for a spreadsheet, with semicolons")
        MACHINE = "machine", _("for programs, exact; not for Excel")

    SILENT_HOURS = 24  # after which an export that has not said how it ended has been broken off

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty where the export was made on the server's command line."),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name=_("campaign"))
    preset = models.CharField(_("preset"), max_length=10)
    form = models.CharField(_("form"), max_length=10, choices=Form, blank=True, default="", db_default="")
    purpose = models.CharField(_("purpose"), max_length=200)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    broken_off_at = models.DateTimeField(_("broken off at"), null=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    unnamed = models.PositiveIntegerField(_("counted without a row"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = _("record of an export")
        verbose_name_plural = _("records of exports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(approved_by=F("staff")), name="export_approved_by_somebody_else"),
            models.CheckConstraint(condition=Q(finished_at=None) | Q(broken_off_at=None), name="export_ends_once"),
        ]
        permissions = [("export_numbers", _("Can export numbers for each day and country"))]

    def __str__(self) -> str:
        return f"{self.preset} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def outcome(self) -> "StrPromise":
        """In plain words: how it ended. A process that was killed leaves a record that never says."""
        if self.finished_at:
            return _("finished")
        is_silent = self.started_at < timezone.now() - timedelta(hours=self.SILENT_HOURS)
        return _("broken off") if self.broken_off_at or is_silent else _("under way, or broken off")


class ExportRequest(models.Model):
    """A list of names that somebody asked for and somebody else decides on. Kept like the records of exports."""

    HOURS = 24  # within which what was approved is downloaded, once

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name=_("campaign"))
    preset = models.CharField(_("preset"), max_length=10)
    form = models.CharField(_("form"), max_length=10, choices=ExportRecord.Form)
    purpose = models.CharField(_("purpose"), max_length=200)
    rows = models.PositiveIntegerField(_("rows"), help_text=_("When it was asked for."))
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    is_approved = models.BooleanField(_("approved"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    taken_at = models.DateTimeField(_("downloaded at"), null=True)

    class Meta:
        verbose_name = _("request for an export")
        verbose_name_plural = _("requests for exports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("staff")), name="export_decided_by_somebody_else"),
            models.CheckConstraint(
                condition=Q(is_approved=None, decided_by=None, decided_at=None)
                | Q(is_approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="export_decision_is_whole",
            ),
            models.CheckConstraint(condition=Q(taken_at=None) | Q(is_approved=True), name="export_taken_is_approved"),
        ]

    def __str__(self) -> str:
        return f"{self.preset} {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_ready(self) -> bool:
        is_fresh = self.decided_at is not None and self.decided_at > timezone.now() - timedelta(hours=self.HOURS)
        return bool(self.is_approved) and is_fresh and self.taken_at is None

    @property
    def outcome(self) -> "StrPromise":
        """In plain words: what has become of it."""
        if self.is_approved is None:
            return _("waiting for a second person")
        if not self.is_approved:
            return _("refused")
        if self.taken_at:
            return _("downloaded")
        return (
            _("approved, to be downloaded within 24 hours") if self.is_ready else _("approved, not downloaded in time")
        )
