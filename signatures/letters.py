"""The outbox: letters are claimed under a lease, sent over one connection, and marked one by one.

Any number of workers may do this at once. A worker that dies loses nothing: its lease runs out and another takes
over; only the letter that was on the wire at that moment may go out twice, under the same Message-ID.
All times are the database's, so that no worker's clock matters.
"""

import logging
import uuid
from datetime import datetime, timedelta
from time import monotonic

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from signatures import addresses, emails, funnel, marking, pace, suppression, wire
from signatures.models import Letter, LetterQuerySet, Step
from signatures.refusals import Meaning

logger = logging.getLogger(__name__)

State = Letter.State

BATCH = 100
LEASE = timedelta(minutes=3)  # longer than the slowest letter: four answers of EMAIL_TIMEOUT each
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
WAITS_FOR = timedelta(days=14)  # then a letter is given up
EXPIRED = "expired"


# Whether it is what an attempt to sign begins its way through the funnel with (funnel.py).
EARLIER = Letter.objects.meant_to_leave().filter(
    signature=OuterRef("signature"), kind=Letter.Kind.CONFIRMATION, pk__lt=OuterRef("pk")
)
IS_FIRST = Q(kind=Letter.Kind.CONFIRMATION) & ~Exists(EARLIER)

# What nobody has tried yet is due at once, whatever clock it was written by.
IS_DUE = Q(due_at__lte=Now()) | Q(attempts=0, lease=None)


class Batch(list[Letter]):
    """Letters claimed together, and the minute from whose share they were taken where there is a rate."""

    minute: datetime | None = None


def send_due(seconds: float = 10) -> int:
    """Sends what is due for about so long; answers how many letters went out."""
    until = monotonic() + seconds
    sent = 0
    while monotonic() < until:
        lease = uuid.uuid4()
        batch = claim(lease)
        if not batch:
            break
        sent_now, is_reachable = send_batch(batch, lease, until)
        sent += sent_now
        if not is_reachable:
            break
    return sent


def claim(lease: uuid.UUID) -> Batch:
    """Takes the next letters that nobody holds, and commits that before anything is sent. None while paused.

    Confirmations go first: somebody waits for each of them.
    """
    with transaction.atomic():
        room, minute = pace.reserve(BATCH)
        due = (
            Letter.objects.waiting()
            .filter(~pace.IS_PAUSED, IS_DUE)
            .order_by("priority", "due_at")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:room]
        )
        ids = list(due)
        pace.release(room - len(ids), minute)
        Letter.objects.filter(pk__in=ids).update(lease=lease, due_at=Now() + LEASE, attempts=F("attempts") + 1)
    letters = emails.fetch(Letter.objects.filter(pk__in=ids).annotate(is_first=IS_FIRST))
    # Those that failed before go last, so that one at which the server closes each time does not stop the others.
    batch = Batch(sorted(letters, key=lambda letter: (bool(letter.error), letter.priority, letter.pk)))
    batch.minute = minute
    return batch


def send_batch(batch: Batch, lease: uuid.UUID, until: float) -> tuple[int, bool]:
    """Sends a claimed batch; answers how many went out and whether the mail server takes letters."""
    sent = 0
    is_reachable = True
    gone: Letter | None = None  # it has just left and is not marked yet
    smtp = get_connection()
    try:
        wire.connect(smtp)
        for letter in [*batch, None]:
            following = letter if monotonic() < until else None
            is_ours = marking.proceed(lease, LEASE, sent=gone, following=following)
            if gone:
                if not sent:
                    pace.resume()
                sent += 1
            if following is None:
                break
            gone = following if is_ours and send(smtp, following, lease) else None
    except wire.ServerRefuses as refusal:
        logger.warning("The mail server takes no letters: %s", refusal)
        pace.pause(str(refusal))
        is_reachable = False
    finally:
        wire.close(smtp)
    give_back(batch, lease)
    return sent, is_reachable


def send(smtp: BaseEmailBackend, letter: Letter, lease: uuid.UUID) -> bool:
    """Sends one letter; where it has not gone, marks what became of it. Raises ServerRefuses."""
    if letter.created_at <= letter.due_at - LEASE - WAITS_FOR:  # `due_at` is one lease after the claim
        failed(letter, lease, EXPIRED, Meaning.NEVER)
        return False
    try:
        message = emails.write(letter)
    except Exception as error:
        # One letter that cannot be written must not keep the others back. What went wrong may hold an address.
        logger.error("Letter %s cannot be written: %s", letter.pk, type(error).__name__)
        failed(letter, lease, type(error).__name__, Meaning.NOT_NOW)
        return False
    try:
        refusal = wire.deliver(smtp, message)
    except wire.ConnectionLost as error:
        # It may be this letter's fault: the others go over a new connection.
        failed(letter, lease, str(error), Meaning.NOT_NOW)
        wire.reconnect(smtp)
        return False
    except wire.ServerRefuses as error:
        mine(letter, lease).update(error=str(error))
        raise
    if refusal is not None:
        failed(letter, lease, refusal.error, refusal.meaning)
        wire.make_ready(smtp)
        return False
    return True


def mine(letter: Letter, lease: uuid.UUID) -> LetterQuerySet:
    return Letter.objects.waiting().filter(pk=letter.pk, lease=lease)


def give_back(batch: Batch, lease: uuid.UUID) -> None:
    """Those of a batch that are still under our lease were not tried: they are due again at once."""
    untried = Letter.objects.waiting().filter(pk__in=[letter.pk for letter in batch], lease=lease)
    pace.release(untried.update(lease=None, due_at=Now(), attempts=F("attempts") - 1), batch.minute)


def end(letters: LetterQuerySet, **fields: object) -> int:
    """A letter that will not be sent, or not again, needs no address."""
    return letters.update(to="", details={}, lease=None, **fields)


def failed(letter: Letter, lease: uuid.UUID, error: str, meaning: Meaning) -> None:
    """A permanent failure ends the letter; a temporary one waits its pause. Nobody writes to nobody again."""
    if meaning == Meaning.NOT_NOW:
        mine(letter, lease).update(lease=None, due_at=Now() + pause(letter.attempts), error=error)
        return
    with transaction.atomic():
        is_mine = end(mine(letter, lease), state=State.FAILED, error=error)
        if is_mine and error != EXPIRED and letter.is_first:  # type: ignore[attr-defined]
            funnel.count(letter.campaign_id, letter.to, Step.BOUNCED)
        if meaning == Meaning.NOBODY_THERE:
            suppression.suppress(addresses.suppression_fingerprint(letter.to), suppression.Reason.BOUNCED)


def pause(attempts: int) -> timedelta:
    """Half a minute, then doubling up to an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def give_up(seconds: float = 10) -> int:
    """Ends letters that have waited two weeks, behind a pause or a rate as well; answers how many.

    It works for about so long, in small batches.
    """
    until = monotonic() + seconds
    done = 0
    while monotonic() < until and (n := give_up_batch()):
        done += n
    return done


@transaction.atomic
def give_up_batch() -> int:
    nobody_sends_it = Q(lease=None) | Q(due_at__lte=Now())
    old = Letter.objects.waiting().filter(nobody_sends_it, created_at__lte=Now() - WAITS_FOR)
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:1000])
    return end(Letter.objects.filter(pk__in=ids), state=State.FAILED, error=EXPIRED)
