"""Requests about personal data that came by mail: what was asked, until when it is due, and what came of it."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.models.signature import Signature


class PrivacyRequestQuerySet(models.QuerySet["PrivacyRequest"]):
    def open(self) -> Self:
        return self.filter(done_at=None)

    def overdue(self) -> Self:
        """By the site's own date: the day on which it is due is in time."""
        return self.open().filter(due_on__lt=timezone.localdate())


class PrivacyRequest(models.Model):
    """Somebody wrote to us about their data. Neither their address nor their name is kept here, only which signatures
    were found; an erasure takes that too, and `found` alone says how many there were.

    Closed requests are the proof that they were answered, and go after `KEPT_YEARS` (signatures/due.py). No law names
    that time.
    """

    class Kind(models.TextChoices):
        ERASE = "erase", _("erase")
        CORRECT = "correct", _("correct")
        ACCESS = "access", _("say what we hold")
        WITHDRAW = "withdraw", _("withdraw")

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        NOTHING = "nothing", _("nothing held")
        REFUSED = "refused", _("refused")

    KEPT_YEARS = 3

    kind = models.CharField(_("what is asked"), max_length=8, choices=Kind)
    received_on = models.DateField(_("received on"))
    due_on = models.DateField(_("due on"))
    note = models.CharField(_("how it came"), max_length=200)
    found = models.PositiveIntegerField(_("signatures found"), default=0)
    takes_no_letters = models.BooleanField(
        _("takes no letters"), default=False, help_text=_("Whether the address is kept as one that gets none.")
    )
    signatures = models.ManyToManyField(Signature, related_name="privacy_requests", verbose_name=_("signatures"))
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    made_at = models.DateTimeField(_("when"), default=timezone.now)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, help_text=_("Of a refusal."))
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("done by")
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request about personal data")
        verbose_name_plural = _("requests about personal data")
        # The open ones first, by when they are due.
        ordering = [F("done_at").desc(nulls_first=True), "due_on", "pk"]
        default_permissions = ()  # whoever may erase a signature may all of it
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None, outcome="")
                | Q(done_at__isnull=False, done_by__isnull=False) & ~Q(outcome=""),
                name="privacy_request_ends_whole",
            ),
            models.CheckConstraint(
                condition=Q(outcome="refused") & ~Q(reason="") | ~Q(outcome="refused") & Q(reason=""),
                name="privacy_request_refused_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_on < timezone.localdate()


WORKING_DAYS = {PrivacyRequest.Kind.ACCESS: 20}
WORKING_DAYS_OTHERWISE = 10


def due_date(kind: str, received_on: date) -> date:
    """By when we want the person to have our answer: the earlier of two dates. The day of arrival does not count.

    One month after it came is the law of the European Union: "without undue delay and in any event within one month of
    receipt of the request" (GDPR, art. 12(3); how months are counted: Regulation 1182/71, art. 3). The two further
    months for difficult cases are not reckoned with.

    Twenty working days where somebody asks what is held, and ten for all else, are a choice of ours on the safe side,
    meant for Peru: the rights of access, correction, deletion and opposition of Ley 29733, whose time limits its
    Reglamento sets (DS 016-2024-JUS, in force since the end of March 2025). Nobody has read its text for these
    numbers, so they are no statement of what it says. Counsel must confirm them against it before a site relies on
    them.

    Working days are Monday to Friday. Holidays are not taken off, which makes the date earlier and never later.
    """
    due = received_on
    left = WORKING_DAYS.get(PrivacyRequest.Kind(kind), WORKING_DAYS_OTHERWISE)
    while left:
        due += timedelta(days=1)
        left -= due.weekday() < 5
    return min(due, month_after(received_on))


def month_after(day: date) -> date:
    """The same day of the next month, or its last where it is shorter."""
    year, month = (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
