"""Acts over all signatures that match a list: the set is frozen, looked at, worked off in batches, and can be undone.

Workers do it (`tasks.work_bulk_jobs`). A batch is a transaction that holds the job's row: whoever cancels waits for
the batch in hand and no longer, a worker that is killed leaves the rest for the next, and no batch is done twice.
The account of an act is read when the job is locked, never joined to it: PostgreSQL looks again at the row that it
locks after a wait, and hands out those beside it as they were before.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from signatures.models import BulkJob, ModeratedSignature, ModerationAct, Signature, SignatureQuerySet
from signatures.services import moderating
from signatures.services.moderating import Why

State = BulkJob.State
REJECTED_ALONE = 1000  # at once; for more a second person is needed
NOT_BEGUN_KEPT = {
    State.PREPARED: timedelta(days=1),
    State.WAITING: timedelta(days=7),
    State.REFUSED: timedelta(days=30),
}

FREEZE = """
INSERT INTO signatures_bulkbatch (job_id, number, ids)
SELECT %s, number, array_agg(id ORDER BY id)
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS number FROM ({matching}) AS matching (id)) AS numbered
GROUP BY number
"""

COUNTED = """
SELECT count(*) FROM signatures_bulkbatch AS batch, unnest(batch.ids) AS frozen (id)
JOIN signatures_signature AS signature USING (id)
WHERE batch.job_id = %s AND signature.state = 'confirmed' AND signature.moderation = 'clear'
"""


class NotTheirs(Exception):
    """Whoever prepared a job is not its second person, and nobody else starts it or throws it away."""


@transaction.atomic
def prepare(*, signatures: SignatureQuerySet, action: str, why: Why, matched: str, staff: User) -> BulkJob:
    """Freezes the set of those on which the act would have an effect, by number. Nothing is done to them yet."""
    job = BulkJob.objects.create(
        staff=staff,
        action=action,
        reason=why.reason,
        note=why.note,
        is_note_for_signer=why.is_note_for_signer,
        matched=matched,
    )
    with suppress(EmptyResultSet):  # that nobody can match, Django sees by itself
        freeze(job, moderating.meant_by(action, signatures).order_by().values("pk"))
    job.save(update_fields=["how_many", "counted"])
    return job


def sample(job: BulkJob, n: int) -> list[Signature]:
    """Some of the frozen set, from all over it; once something is done, the first of those that it was done to."""
    if job.act and job.act.how_many:
        ids = list(job.act.moderated.order_by("pk").values_list("signature_id", flat=True)[:n])
        return list(Signature.objects.filter(pk__in=ids).order_by("pk"))
    ids = []
    numbers = list(job.batches.order_by("number").values_list("number", flat=True))
    chosen = numbers[:: max(1, len(numbers) // n)][:n]
    for batch in job.batches.filter(number__in=chosen).order_by("number"):
        share = -(-n // len(chosen))
        ids += batch.ids[:: max(1, len(batch.ids) // share)][:share]
    return list(Signature.objects.filter(pk__in=ids[:n]).order_by("pk"))


def freeze(job: BulkJob, matching: QuerySet[Any, Any]) -> None:
    sql, params = matching.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(FREEZE.format(matching=sql), [job.pk, BulkJob.BATCH, *params])
        cursor.execute(
            "SELECT coalesce(sum(cardinality(ids)), 0) FROM signatures_bulkbatch WHERE job_id = %s", [job.pk]
        )
        job.how_many = int(cursor.fetchone()[0])
        cursor.execute(COUNTED, [job.pk])
        job.counted = int(cursor.fetchone()[0])


def looked_back(job: BulkJob) -> int:
    """How many of the act's signatures the undoing has looked at."""
    return ModeratedSignature.objects.filter(act=job.act, pk__lte=job.undo_cursor).count() if job.undo_act else 0


def needs_second_person(job: BulkJob) -> bool:
    return job.action == ModerationAct.Action.REJECT and job.how_many > REJECTED_ALONE


def can_be_undone(job: BulkJob) -> bool:
    """Not where undoing would reject so many that it takes a second person: that is prepared as a job of its own."""
    has_done_something = job.act is not None and job.act.how_many > 0
    would_reject = job.how_many if job.action == ModerationAct.Action.RESTORE else 0
    return job.state in (State.DONE, State.CANCELLED) and has_done_something and would_reject <= REJECTED_ALONE


@transaction.atomic
def begin(*, job_id: int, staff: User) -> BulkJob | None:
    """Starts what was prepared, or lays it before a second person. None where that has been done already.

    Raises `NotTheirs` for all but whoever prepared it, in whose name it runs.
    """
    job = locked(job_id, State.PREPARED)
    if job is None:
        return None
    check_is_theirs(job, staff)
    if needs_second_person(job):
        job.state = State.WAITING
        job.save(update_fields=["state"])
    else:
        start(job)
    return job


@transaction.atomic
def decide(*, job_id: int, is_approved: bool, staff: User) -> BulkJob | None:
    """The second person's yes or no. Raises `NotTheirs` for whoever prepared it."""
    job = locked(job_id, State.WAITING)
    if job is None:
        return None
    if job.staff_id == staff.pk:
        raise NotTheirs
    job.decided_by = staff
    if is_approved:
        start(job)
    else:
        job.state, job.ended_at = State.REFUSED, timezone.now()
        job.batches.all().delete()
    job.save()
    return job


def start(job: BulkJob) -> None:
    job.act = ModerationAct.objects.create(
        staff=job.staff, action=job.action, reason=job.reason, note=job.note, how_many=0
    )
    job.state, job.started_at = State.RUNNING, timezone.now()
    job.save(update_fields=["act", "state", "started_at"])


@transaction.atomic
def discard(*, job_id: int, staff: User) -> bool:
    """Throws away what one has prepared oneself and was not begun. Raises `NotTheirs`."""
    job = locked(job_id, State.PREPARED, State.WAITING)
    if job is None:
        return False
    check_is_theirs(job, staff)
    job.delete()
    return True


def check_is_theirs(job: BulkJob, staff: User) -> None:
    if job.staff_id != staff.pk:
        raise NotTheirs


@transaction.atomic
def cancel(*, job_id: int) -> BulkJob | None:
    """Stops a job after the batch in hand. What is done stays done until somebody undoes it."""
    job = locked(job_id, State.RUNNING)
    if job is not None:
        end(job, State.CANCELLED)
    return job


@transaction.atomic
def undo(*, job_id: int, staff: User) -> BulkJob | None:
    """Begins to put back what a job did, as far as it still is as the job left it."""
    job = locked(job_id, State.DONE, State.CANCELLED)
    if job is None or not can_be_undone(job):
        return None
    job.undo_act = ModerationAct.objects.create(
        staff=staff, action=ModerationAct.Action.UNDO, reason=job.reason, note=job.note, how_many=0
    )
    job.state = State.UNDOING
    job.save(update_fields=["undo_act", "state"])
    return job


@transaction.atomic
def do_next_batch() -> bool:
    """One batch of some job; False where there is none that nobody else works on."""
    job = (
        BulkJob.objects.at_work()
        .select_for_update(skip_locked=True)
        .order_by("?")  # in turns: one that fails is not before all others for ever
        .first()
    )
    if job is None:
        return False
    why = Why(job.reason, job.note, job.is_note_for_signer)
    if job.state == State.RUNNING:
        do_batch(job, why)
    else:
        undo_batch(job, why)
    return True


def do_batch(job: BulkJob, why: Why) -> None:
    batch = job.batches.order_by("number").first()
    if batch is None or job.act is None:
        end(job, State.DONE)
        return
    moderating.apply(job.act, Signature.objects.filter(pk__in=batch.ids), why)
    job.looked_at += len(batch.ids)
    job.save(update_fields=["looked_at"])
    batch.delete()


def undo_batch(job: BulkJob, why: Why) -> None:
    """A row that was erased since has left the account, or its signature is passed over."""
    rest = ModeratedSignature.objects.filter(act=job.act, pk__gt=job.undo_cursor).select_related("act")
    moderated = list(rest.order_by("pk")[: BulkJob.BATCH])
    if not moderated or job.undo_act is None:
        end(job, State.UNDONE)
        return
    moderating.undo(job.undo_act, moderated, why)
    job.undo_cursor = moderated[-1].pk
    job.save(update_fields=["undo_cursor"])


def end(job: BulkJob, state: str) -> None:
    job.state, job.ended_at = state, timezone.now()
    job.save(update_fields=["state", "ended_at"])
    job.batches.all().delete()


def locked(job_id: int, *states: str) -> BulkJob | None:
    """The job, where it is in one of these states. Waits for the batch in hand."""
    return BulkJob.objects.select_for_update().filter(pk=job_id, state__in=states).first()


def forget_not_begun() -> int:
    """Throws away what was never begun, when nobody would know any more what was looked at; answers how many."""
    now, forgotten = timezone.now(), 0
    for state, kept in NOT_BEGUN_KEPT.items():
        forgotten += BulkJob.objects.filter(state=state, made_at__lt=now - kept).delete()[1].get(BulkJob._meta.label, 0)
    return forgotten
