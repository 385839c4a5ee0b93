"""Held signatures: for how long, and the alarm when that is too long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import ngettext, override

from campaigns.models import Campaign
from signatures import alarms
from signatures.models import HELD_SINCE, Signature

ALARM_AFTER = timedelta(hours=24)
FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ages:
    """How many are held, by how long they have been."""

    fresh: int
    waiting: int
    late: int

    @property
    def all(self) -> int:
        return self.fresh + self.waiting + self.late


def by_age(campaign: Campaign) -> Ages:
    now = timezone.now()
    late, fresh = Q(since__lte=now - ALARM_AFTER), Q(since__gt=now - FRESH)
    held = Signature.objects.held().filter(campaign=campaign).annotate(since=HELD_SINCE).order_by()
    return Ages(
        **held.aggregate(
            late=Count("since", filter=late),
            fresh=Count("since", filter=fresh),
            waiting=Count("since", filter=~late & ~fresh),
        )
    )


def oldest(campaign: Campaign | None = None) -> tuple[int, datetime] | None:
    """Key and moment of the one that has been held longest, in a campaign or in all of them."""
    held = Signature.objects.held().annotate(since=HELD_SINCE)
    if campaign is not None:
        held = held.filter(campaign=campaign)
    return held.values_list("pk", "since").first()


def hours_late() -> int | None:
    """Whole hours that one of the site has been held, where these are too many."""
    found = oldest()
    age = timezone.now() - found[1] if found else timedelta()
    return int(age.total_seconds() // 3600) if age > ALARM_AFTER else None


def raise_alarm() -> bool:
    """Tells staff of signatures that have been held for more than a day; whether there are any."""
    hours = hours_late()
    if hours is None:
        return False
    late = Signature.objects.held().annotate(since=HELD_SINCE).filter(since__lte=timezone.now() - ALARM_AFTER).count()
    with override(settings.LANGUAGE_CODE):
        text = ngettext(
            "%(n)d signature has been held for %(hours)d hours, and nobody has decided on it.",
            "%(n)d signatures have been held for more than a day, one of them for %(hours)d hours, and nobody has"
            " decided on them.",
            late,
        ) % {"n": late, "hours": hours}
    alarms.raise_alarm("held", text)
    return True
