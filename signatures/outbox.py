"""Putting letters into the outbox, as many to one address as its owner can be expected to bear."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from signatures import locks, suppression
from signatures.models import Letter, Question, Signature, ask_together

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


class Standing(NamedTuple):
    """What an address has had and takes, asked while it has its turn."""

    recent: int  # letters of the kind, within the age of its cap
    refusals: Collection[str] | None

    def why_not(self, kind: Kind, *, is_beyond_share: bool = False) -> State | None:
        """Why a letter of the kind must not leave."""
        if suppression.stop(self.refusals, kind):
            return State.SUPPRESSED
        is_over_cap = kind in CAPS and self.recent >= CAPS[kind].n
        return State.CAPPED if is_over_cap or is_beyond_share else None


def write(kind: Kind, **options: Any) -> Letter:
    """Writes a letter; call it in a transaction. What `draft` says holds for it."""
    letter = draft(kind, **options)
    letter.save()
    return letter


def draft(kind: Kind, *, campaign_id: int, to: str, fingerprint: bytes | None, **options: Any) -> Letter:
    """A letter that is still to be written, in the same transaction. What `letter` says holds for it.

    Without a fingerprint no cap holds.
    """
    if fingerprint is not None:
        take_turn(fingerprint)
    standing = Standing(*ask_together(recent(kind, campaign_id, fingerprint), suppression.reasons_against(to)))
    return letter(kind, standing, campaign_id=campaign_id, to=to, fingerprint=fingerprint, **options)


def letter(
    kind: Kind,
    standing: Standing,
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
    """A letter that is still to be written, in the transaction in which its address has its turn.

    The row is there whether the letter is to be sent or not, and the same queries are made: what happens here tells
    nobody whether an address is known, has had its share of letters, or takes none. `is_beyond_share`: whoever asks
    for it has caused enough letters to this address already.
    """
    state = standing.why_not(kind, is_beyond_share=is_beyond_share) or State.WAITING
    if is_for_nobody:
        state = State.NOBODY
    if is_blocked:
        state = State.BLOCKED
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


def recent(kind: Kind, campaign_id: int, fingerprint: bytes | None, but: Letter | None = None) -> Question:
    """How many letters the address has had that its cap counts; `but` is one that is not."""
    since = timezone.now() - (CAPS[kind].age if kind in CAPS else DAY)
    return Question(RECENT, [campaign_id, fingerprint, kind, since, but.pk if but else 0])


def send_once_more(letter: Letter, *, to: str) -> State:
    """Puts a failed letter back, as if it were written now; call it in a transaction, with the letter's row locked.

    Answers `WAITING`, or why it stays as it is. Within the caps, the letter itself counted once.
    """
    fingerprint = bytes(letter.fingerprint or b"")
    take_turn(fingerprint)
    kind = Kind(letter.kind)
    had = recent(kind, letter.campaign_id, fingerprint, but=letter)
    if why_not := Standing(*ask_together(had, suppression.reasons_against(to))).why_not(kind):
        return why_not
    letter.state, letter.to, letter.error, letter.attempts, letter.lease = State.WAITING, to, "", 0, None
    # Its two weeks of waiting begin anew.
    letter.created_at = letter.due_at = timezone.now()
    letter.needs_reminder = letter.kind == Kind.CONFIRMATION
    letter.save(update_fields=["state", "to", "error", "attempts", "lease", "created_at", "due_at", "needs_reminder"])
    return State.WAITING
