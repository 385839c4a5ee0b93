"""What we no longer need we do not keep: the batches that delete or erase what is due.

Each batch is a transaction of its own, in which its numbers are added to the day's record: signing goes on meanwhile,
a process that is killed loses nothing and counts nothing twice, and several may run at once, since each passes over
the rows that another holds.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone

from signatures import due, funnel
from signatures.models import (
    BulkJob,
    Cluster,
    ConsentEvent,
    DaySalt,
    Doubt,
    Letter,
    ModeratedSignature,
    ModerationAct,
    Origin,
    PrivacyRequest,
    RetentionRun,
    Rule,
    Seat,
    Signature,
    SignatureQuerySet,
    Suppression,
)
from signatures.reasons import Reason

BATCH = 1000

Numbers = Mapping[str, int]  # of rows, by the column of `RetentionRun`


def run(seconds: float = 10) -> int:
    """Works for about so long; answers how many rows it deleted or erased, 0 when there is nothing to do."""
    until = monotonic() + seconds
    record({})
    done = 0
    work = batches()
    while monotonic() < until and (numbers := next(work, None)) is not None:
        done += sum(numbers.values())
    return done


def run_until_done() -> Iterator[Numbers]:
    """Batch after batch until a whole pass finds nothing: what others held in one pass may be free in the next."""
    record({})
    while (first := next(work := batches(), None)) is not None:
        yield first
        yield from work


def record(numbers: Numbers) -> None:
    """Adds to the day's account; last in the transaction of what it accounts for, because all wait for this row."""
    day = timezone.localdate()
    RetentionRun.objects.bulk_create([RetentionRun(day=day, last_run_at=timezone.now())], ignore_conflicts=True)
    added = {name: F(name) + n for name, n in numbers.items()}
    RetentionRun.objects.filter(day=day).update(last_run_at=Now(), **added)


def batches() -> Iterator[Numbers]:
    """One pass over what is due; what it yields is committed."""
    funnel.forget_old()
    yield from walk(due.old_salts(), "day", destroy_salts)
    yield from walk(due.old_origins(), "day", delete_origins)
    yield from walk(due.lapsed_suppressions(), "pk", delete_suppressions)
    yield from walk(due.answered_requests(), "pk", delete_requests)
    yield from walk(due.old_clusters(), "day", delete_clusters)
    yield from walk(due.ended_rules(), "expires_at", empty_rules)
    yield from walk(due.unconfirmed(), "created_at", delete_unconfirmed)
    yield from walk(due.old_letters(), "created_at", delete_letters)
    yield from walk(due.loose_letters(), "created_at", delete_letters)
    for campaign in due.ended():
        yield from walk(due.of_ended().filter(campaign=campaign), "fingerprint", end)
        # Now those that point to no signature; an account of an erasure has no fingerprint either.
        letters = due.letters_of_ended().filter(campaign=campaign)
        yield from walk(letters.filter(fingerprint__isnull=False), "fingerprint", delete_letters)
        yield from walk(letters.filter(fingerprint=None), "fingerprint", delete_letters)


def walk(rows: QuerySet[Any], by: str, work_off: Callable[[list[Any]], Numbers]) -> Iterator[Numbers]:
    """Works due rows off in the order of an index.

    It goes on from the last row, or it would read the dead entries of all that is gone again for each batch. The order
    also keeps the planner from reading the table instead, when it believes that what has just gone is still there.
    """
    last = None
    while True:
        with transaction.atomic():
            rest = rows if last is None else rows.filter(**{f"{by}__gte": last})
            taken = rest.order_by(by).select_for_update(skip_locked=True, of=("self",))
            chunk = list(taken.values_list("pk", by)[:BATCH])
            if not chunk:
                return
            numbers = work_off([pk for pk, _ in chunk])
            record(numbers)
        last = chunk[-1][1]
        yield numbers


def destroy_salts(days: list[Any]) -> Numbers:
    return {"salts_destroyed": DaySalt.objects.filter(pk__in=days).delete()[0]}


def delete_origins(ids: list[int]) -> Numbers:
    return {"origins_deleted": Origin.objects.filter(pk__in=ids).delete()[0]}


def delete_suppressions(ids: list[int]) -> Numbers:
    return {"suppressions_deleted": Suppression.objects.filter(pk__in=ids).delete()[0]}


def delete_requests(ids: list[int]) -> Numbers:
    PrivacyRequest.signatures.through.objects.filter(privacyrequest__in=ids).delete()  # rows of no account
    return {"requests_deleted": PrivacyRequest.objects.filter(pk__in=ids).delete()[0]}


def delete_clusters(ids: list[int]) -> Numbers:
    return {"clusters_deleted": Cluster.objects.filter(pk__in=ids).delete()[0]}


def empty_rules(ids: list[int]) -> Numbers:
    """Number and dates stay: doubts name a rule by its number. The note may say whom it was about."""
    return {"rules_emptied": Rule.objects.filter(pk__in=ids).update(pattern="", key="", note="")}


def delete_letters(ids: list[int]) -> Numbers:
    return {"letters_deleted": Letter.objects.filter(pk__in=ids).delete()[0]}


def delete_unconfirmed(ids: list[int]) -> Numbers:
    # Looked at again: a letter may have been added before the row was locked, and none can be from then on.
    return delete(due.unconfirmed().filter(pk__in=ids))


def delete(signatures: SignatureQuerySet) -> Counter[str]:
    """Pending signatures, whole: letters, log of consent and network hashes go with them."""
    funnel.count_expired(signatures)
    deleted = signatures.delete()[1]
    columns = {"pending_deleted": Signature, "letters_deleted": Letter, "origins_deleted": Origin}
    return Counter({name: deleted.get(model._meta.label, 0) for name, model in columns.items()})


def end(ids: list[int]) -> Numbers:
    """Names, addresses and fingerprints go, times are cut to the month, and the count stays as it is.

    Whoever is left without a name is counted only, or the page and the addressee's list would have an empty line.
    """
    forget_reasons(ids)
    signatures = Signature.objects.filter(pk__in=ids)
    numbers = delete(signatures.pending())
    numbers["people_erased"] = signatures.update(
        visibility=Signature.Visibility.SECRET,
        name="",
        email="",
        moderation_reason="",
        wants_updates=False,
        fingerprint=None,
        created_at=month_of("created_at"),
        confirmed_at=month_of("confirmed_at"),
        withdrawn_at=month_of("withdrawn_at"),
        erased_at=month_of(Now()),
        held_at=None,
    )
    Seat.objects.filter(signature__in=ids).delete()
    ConsentEvent.objects.filter(signature__in=ids).delete()  # only now, that they are erased, does the log let go
    Doubt.objects.filter(signature__in=ids).locked().delete()
    PrivacyRequest.signatures.through.objects.filter(signature__in=ids).delete()
    numbers["letters_deleted"] += Letter.objects.filter(signature__in=ids).delete()[0]
    numbers["origins_deleted"] += Origin.objects.filter(signature__in=ids).delete()[0]
    return numbers


def forget_reasons(ids: list[int]) -> None:
    """What staff wrote of people goes from their acts too; a signature elsewhere that is still held keeps its copy."""
    moderated = ModeratedSignature.objects.filter(signature__in=ids)
    written = ~Q(note="") | ~Q(reason__in=["", *Reason.values])
    acts = ModerationAct.objects.filter(written, pk__in=moderated.values("act"))
    # In the order of the key, so that two batches over the same acts wait for each other instead of locking up.
    about_them = list(acts.order_by("pk").select_for_update().values_list("pk", flat=True))
    for rows in (
        ModerationAct.objects.filter(pk__in=about_them),
        BulkJob.objects.filter(Q(act__in=about_them) | Q(undo_act__in=about_them)),
    ):
        rows.exclude(reason__in=Reason.values).update(reason="")
        rows.update(note="")
    moderated.exclude(reason_before__in=["", *Reason.values]).update(reason_before="")


def month_of(moment: str | Now) -> Func:
    """The beginning of a moment's month in the site's time zone, in SQL; NULL stays NULL."""
    return Func(
        Value("month"),
        moment,
        Value(settings.TIME_ZONE),
        function="date_trunc",
        output_field=DateTimeField(),
    )
