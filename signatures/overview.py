"""What the start page of staff says of a campaign: from tallies and small indexed queries, never from a scan.

How many queries it makes does not depend on how many rows there are. Days and hours are those of the site's time zone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from campaigns.models import Campaign
from signatures import funnel, tally
from signatures.models import FunnelDelta, FunnelTally, Letter, RetentionRun, Signature, Step, ViaTally

HOURS, DAYS = 48, funnel.KEPT_DAYS
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RETENTION_EVERY = timedelta(minutes=1)  # while a worker and its clock run
RETENTION_LATE = timedelta(hours=2)

State = Signature.State
Moderation = Signature.Moderation


@dataclass(frozen=True, slots=True)
class History:
    """Counted signatures: all of them now, won in each of the last hours and days, and how many there were by then."""

    count: int
    hours: list[tuple[datetime, int]]
    days: list[tuple[date, int]]
    running: list[tuple[date, int]]

    @property
    def today(self) -> int:
        return self.days[-1][1]

    @property
    def this_hour(self) -> int:
        return self.hours[-1][1]

    @property
    def last_hour(self) -> int:
        return self.hours[-2][1]


def history(campaign: Campaign) -> History:
    now = timezone.localtime()
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    today = now.date()
    hours = [this_hour - back * HOUR for back in reversed(range(HOURS))]
    by_time = tally.over_time(campaign.pk, this_hour.replace(hour=0) - (DAYS - 1) * DAY, hours[0])
    count = tally.count(campaign.pk)
    by_day: Counter[date] = Counter()
    for moment, n in by_time.items():
        by_day[timezone.localtime(moment).date()] += n
    days = [today - back * DAY for back in reversed(range(DAYS))]
    running = []
    so_far = count - sum(by_time.values())
    for day in days:
        so_far += by_day[day]
        running.append((day, so_far))
    return History(
        count=count,
        hours=[(hour, by_time.get(hour, 0)) for hour in hours],
        days=[(day, by_day[day]) for day in days],
        running=running,
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """All signatures of a campaign by what has become of them, and the counted ones by language, the most first."""

    states: list[tuple[str, str, int]]
    languages: list[tuple[str, int]]


def signed(campaign: Campaign) -> Signed:
    states: Counter[tuple[str, str]] = Counter()
    languages: Counter[str] = Counter()
    for (state, moderation, language), n in tally.by_state(campaign.pk).items():
        states[state, moderation] += n
        if (state, moderation) == (State.CONFIRMED, Moderation.CLEAR):
            languages[language] += n
    order = [(state, word) for state in (State.CONFIRMED, State.PENDING, State.WITHDRAWN) for word in Moderation]
    return Signed(
        states=[(state, word, states[state, word]) for state, word in order if states[state, word]],
        languages=languages.most_common(),
    )


@dataclass(frozen=True, slots=True)
class Provider:
    """How attempts with addresses of one mail provider went. Percentages are whole, and None of nothing."""

    name: str
    sent: int
    confirmed: int
    bounced: int
    expired: int

    @property
    def confirmed_of_sent(self) -> int | None:
        return round(100 * self.confirmed / self.sent) if self.sent else None

    @property
    def bounced_of_tried(self) -> int | None:
        tried = self.sent + self.bounced
        return round(100 * self.bounced / tried) if tried else None


def providers(campaign: Campaign) -> list[Provider]:
    """Of the days that are kept, those that had any, the largest first and the others last."""
    of_campaign = Q(campaign=campaign, day__gte=funnel.first_day())
    rows = [
        model._default_manager.filter(of_campaign).order_by().values_list("provider", "step").annotate(n=Sum("n"))
        for model in (FunnelTally, FunnelDelta)
    ]
    numbers: Counter[tuple[str, str]] = Counter()
    for provider, step, n in rows[0].union(rows[1], all=True):
        numbers[provider, step] += n
    found = [
        Provider(name, **{step.value: numbers[name, step.value] for step in Step})
        for name in {name for name, _step in numbers}
    ]
    return sorted(found, key=lambda row: (row.name == funnel.OTHER, -row.sent, row.name))


def letters() -> dict[str, Any]:
    """Of the whole site: what waits, for how long, how much of it has failed before; and what has failed for good."""
    waiting = Letter.objects.waiting().aggregate(
        n=Count("pk"), oldest=Min("created_at"), retried=Count("pk", filter=~Q(error=""))
    )
    failed = Letter.objects.filter(state=Letter.State.FAILED, created_at__gt=timezone.now() - DAY)
    errors = failed.order_by().values_list("error").annotate(n=Count("pk")).order_by("-n", "error")[:10]
    return {**waiting, "errors": list(errors)}


def retention(campaigns: list[Campaign]) -> Mapping[str, Any]:
    """When it ran, when it runs next unless it is late, and whose people it erases next: today or later."""
    last = RetentionRun.objects.first()
    is_late = last is None or last.last_run_at < timezone.now() - RETENTION_LATE
    due_at = None if last is None or is_late else last.last_run_at + RETENTION_EVERY
    today = timezone.localdate()
    coming = [(one.erased_on, one.slug) for one in campaigns if one.erased_on is not None and one.erased_on >= today]
    return {"last": last, "is_late": is_late, "due_at": due_at, "next": min(coming, default=None)}


def channels(campaign: Campaign) -> list[tuple[str, int]]:
    """Signatures made after following a shared link in the last DAYS days, by channel, the most first."""
    since = timezone.localdate() - (DAYS - 1) * DAY
    rows = (
        ViaTally.objects.filter(campaign=campaign, day__gte=since)
        .order_by()
        .values_list("channel")
        .annotate(total=Sum("n"))
    )
    return list(rows.order_by("-total", "channel"))
