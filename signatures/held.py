"""Held signatures: how long they have been waiting for somebody to decide, and the alarm when that is too long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import ngettext, override

from campaigns.models import Campaign
from signatures import alarms
from signatures.models import Signature

ALARM_AFTER = timedelta(hours=24)
FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ages:
    """How many are held, by the time since they were signed."""

    fresh: int
    waiting: int
    late: int

    @property
    def all(self) -> int:
        return self.fresh + self.waiting + self.late


def by_age(campaign: Campaign) -> Ages:
    now = timezone.now()
    late, fresh = Q(created_at__lte=now - ALARM_AFTER), Q(created_at__gt=now - FRESH)
    held = Signature.objects.held().filter(campaign=campaign).order_by()
    return Ages(
        **held.aggregate(
            late=Count("created_at", filter=late),
            fresh=Count("created_at", filter=fresh),
            waiting=Count("created_at", filter=~late & ~fresh),
        )
    )


def oldest(campaign: Campaign | None = None) -> tuple[int, datetime] | None:
    """Key and moment of the one that has waited longest, in a campaign or in all of them."""
    held = Signature.objects.held()
    if campaign is not None:
        held = held.filter(campaign=campaign)
    return held.values_list("pk", "created_at").first()


def hours_late() -> int | None:
    """Whole hours that the oldest of the site has waited, where these are too many."""
    found = oldest()
    age = timezone.now() - found[1] if found else timedelta()
    return int(age.total_seconds() // 3600) if age > ALARM_AFTER else None


def raise_alarm() -> bool:
    """Tells staff of signatures that wait for more than a day; whether there are any."""
    hours = hours_late()
    if hours is None:
        return False
    late = Signature.objects.held().filter(created_at__lte=timezone.now() - ALARM_AFTER).count()
    with override(settings.LANGUAGE_CODE):
        text = ngettext(
            "%(n)d signature is held and has waited for a decision for more than a day, for %(hours)d hours.",
            "%(n)d signatures are held and have waited for a decision for more than a day, the oldest for %(hours)d"
            " hours.",
            late,
        ) % {"n": late, "hours": hours}
    alarms.raise_alarm("held", text)
    return True
