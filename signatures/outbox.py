"""Putting letters into the outbox, as many to one address as its owner can be expected to bear."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from signatures import locks, suppression
from signatures.models import Letter, Signature

Kind = Letter.Kind
State = Letter.State

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `n` letters in `age` to one address in one campaign."""

    n: int
    age: timedelta


CAPS = {
    Kind.CONFIRMATION: Cap(settings.CONFIRMATION_LETTERS_PER_ADDRESS, DAY),
    Kind.ALREADY_SIGNED: Cap(1, timedelta(days=7)),
    Kind.REMINDER: Cap(1, timedelta(days=14)),
    Kind.RECEIPT: Cap(5, DAY),
    Kind.PAGE_LINK: Cap(5, DAY),
    Kind.ADDRESS_CHANGE: Cap(5, DAY),
}

# Those that are `meant_to_leave`, by hand: each signer waits for it, and most of that was to write it.
RECENT = """
SELECT count(*) FROM signatures_letter
WHERE campaign_id = %s AND fingerprint = %s AND kind = %s AND created_at > %s AND id <> %s
    AND state IN ('waiting', 'sent', 'failed')
"""


def write(kind: Kind, **options: Any) -> Letter:
    """Writes a letter; call it in a transaction. What `draft` says holds for it."""
    letter = draft(kind, **options)
    letter.save()
    return letter


def draft(
    kind: Kind,
    *,
    campaign_id: int,
    language: str,
    to: str,
    fingerprint: bytes | None,
    signature: Signature | None = None,
    is_for_nobody: bool = False,
    is_blocked: bool = False,
    is_beyond_share: bool = False,
    details: dict[str, Any] | None = None,
) -> Letter:
    """A letter that is still to be written, in the same transaction.

    The row is there whether the letter is to be sent or not, and the same queries are made: what happens here tells
    nobody whether an address is known, has had its share of letters, or takes none. Without a fingerprint no cap holds.
    `is_beyond_share`: whoever asks for it has caused enough letters to this address already.
    """
    if fingerprint is not None:
        take_turn(fingerprint)
    is_capped = (fingerprint is not None and is_over_cap(kind, campaign_id, fingerprint)) or is_beyond_share
    is_suppressed = suppression.stops(to, kind)
    state = State.WAITING
    for is_so, reason in (
        (is_capped, State.CAPPED),
        (is_suppressed, State.SUPPRESSED),
        (is_for_nobody, State.NOBODY),
        (is_blocked, State.BLOCKED),
    ):
        if is_so:
            state = reason
    is_sent = state == State.WAITING
    return Letter(
        kind=kind,
        state=state,
        priority=Letter.FIRST if kind == Kind.CONFIRMATION else Letter.LATER,
        signature=signature,
        campaign_id=campaign_id,
        language=language,
        to=to if is_sent else "",
        fingerprint=fingerprint,
        details=details if details and is_sent else {},
        needs_reminder=is_sent and kind == Kind.CONFIRMATION,
    )


def take_turn(fingerprint: bytes) -> None:
    """Letters to one address go one after the other, or many at once would all find the cap not reached."""
    locks.wait_for(int.from_bytes(fingerprint[:8], "big", signed=True))


def is_over_cap(kind: Kind, campaign_id: int, fingerprint: bytes, but: Letter | None = None) -> bool:
    """Whether the address has had its share; `but` is a letter that is not counted."""
    cap = CAPS[kind]
    since = timezone.now() - cap.age
    with connection.cursor() as cursor:
        cursor.execute(RECENT, [campaign_id, fingerprint, kind, since, but.pk if but else 0])
        return bool(cursor.fetchone()[0] >= cap.n)


def send_once_more(letter: Letter, *, to: str) -> State:
    """Puts a failed letter back, as if it were written now; call it in a transaction, with the letter's row locked.

    Answers `WAITING`, or why it stays as it is. Within the caps, the letter itself counted once.
    """
    fingerprint = bytes(letter.fingerprint or b"")
    take_turn(fingerprint)
    if suppression.stops(to, letter.kind):
        return State.SUPPRESSED
    if is_over_cap(Kind(letter.kind), letter.campaign_id, fingerprint, but=letter):
        return State.CAPPED
    letter.state, letter.to, letter.error, letter.attempts, letter.lease = State.WAITING, to, "", 0, None
    # Its two weeks of waiting begin anew.
    letter.created_at = letter.due_at = timezone.now()
    letter.needs_reminder = letter.kind == Kind.CONFIRMATION
    letter.save(update_fields=["state", "to", "error", "attempts", "lease", "created_at", "due_at", "needs_reminder"])
    return State.WAITING
