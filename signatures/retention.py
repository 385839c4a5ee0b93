"""What we no longer need we do not keep: pending signatures go after two weeks, people after their campaign's end.

Both run in small batches, each a transaction of its own, so that signing goes on and stopping loses nothing.
"""

from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Func, QuerySet, Value
from django.db.models.functions import Now

from campaigns.models import Campaign
from signatures.models import Letter, Seat, Signature

BATCH = 1000
PENDING_KEPT = timedelta(seconds=settings.CONFIRMATION_MAX_AGE)


def run(seconds: float = 10) -> int:
    """Works for about so long; answers how many signatures it deleted or erased, 0 when there is nothing to do."""
    until = monotonic() + seconds
    done = 0
    for step in (delete_pending, erase_ended):
        while monotonic() < until and (n := step()):
            done += n
    return done


def due_pending() -> QuerySet[Signature]:
    """Pending signatures that no link can confirm any more: their last letter left two weeks ago, or none ever did."""
    waiting = Letter.objects.filter(state=Letter.State.WAITING).values("signature")
    recent = Letter.objects.filter(sent_at__gt=Now() - PENDING_KEPT).values("signature")
    old = Signature.objects.pending().filter(created_at__lte=Now() - PENDING_KEPT)
    return old.exclude(pk__in=waiting).exclude(pk__in=recent)


@transaction.atomic
def delete_pending() -> int:
    ids = list(due_pending().select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
    Signature.objects.filter(pk__in=ids).delete()
    return len(ids)


def due_ended() -> QuerySet[Signature]:
    """Signatures that still hold a person although their campaign's closing date and retention period are over."""
    kept = ExpressionWrapper(F("retention_days") * timedelta(days=1), output_field=DurationField())
    ended = Campaign.objects.filter(closes_at__lte=Now() - kept)
    return Signature.objects.filter(campaign__in=ended, erased_at=None)


@transaction.atomic
def erase_ended() -> int:
    """Names, addresses and fingerprints go, times are cut to the month, and the count stays as it is."""
    ids = list(due_ended().select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
    rows = Signature.objects.filter(pk__in=ids)
    Seat.objects.filter(signature__in=ids).delete()
    Letter.objects.filter(signature__in=ids).delete()
    rows.pending().delete()
    rows.update(
        name="",
        email="",
        moderation_reason="",
        wants_updates=False,
        fingerprint=None,
        created_at=month_of("created_at"),
        confirmed_at=month_of("confirmed_at"),
        withdrawn_at=month_of("withdrawn_at"),
        erased_at=month_of(Now()),
    )
    return len(ids)


def month_of(moment: str | Now) -> Func:
    """The beginning of a moment's month in the site's time zone, in SQL; NULL stays NULL."""
    return Func(
        Value("month"),
        moment,
        Value(settings.TIME_ZONE),
        function="date_trunc",
        output_field=DateTimeField(),
    )
