"""Dry runs of the table of signals: what it has led to among the signatures of the last days, and what another would
have. Numbers alone, of the whole site; nothing is changed or kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from signatures.models import Doubt, Signature
from signatures.signals import Outcome, Signal, Table, is_held_after_challenge, is_worth_a_challenge, outcome_of

DAYS = 7
MOST = 100_000  # doubts that are looked at, the latest ones

# Sets of kinds as bits, which are cheap to group by. A challenge alone settles a doubt of these kinds without an act of
# staff.
GROUPED = """
SELECT kinds, is_solved, state, moderation, count(*)
FROM (
    SELECT signature_id, bit_or(1 << array_position(%(kinds)s, kind::text)) AS kinds,
        bool_or(settled_at IS NOT NULL AND settled_by_id IS NULL) AS is_solved
    FROM signatures_doubt WHERE id > %(after)s AND made_at >= %(since)s AND kind = ANY(%(kinds)s)
    GROUP BY signature_id
) AS doubted JOIN signatures_signature AS signature ON signature.id = signature_id
GROUP BY kinds, is_solved, state, moderation
"""

State, Moderation = Signature.State, Signature.Moderation


@dataclass(frozen=True, slots=True)
class Group:
    """Signatures that showed the same signals, and of which the same has become."""

    signals: frozenset[Signal]
    is_solved: bool  # whether a challenge was
    state: str
    moderation: str
    n: int

    @property
    def is_counted(self) -> bool:
        return self.state == State.CONFIRMED and self.moderation == Moderation.CLEAR

    def is_asked(self, table: Table) -> bool:
        return is_worth_a_challenge(self.signals, table)

    def is_held(self, table: Table) -> bool:
        """Who has solved a challenge would have solved that of another table too."""
        if self.is_solved:
            return is_held_after_challenge(self.signals, table)
        return outcome_of(self.signals, table) is Outcome.HOLD


@dataclass(frozen=True, slots=True)
class Row:
    """All that showed just these signals, in numbers."""

    signals: list[Signal]
    leads_to: Outcome
    would_lead_to: Outcome
    n: int
    solved: int
    counted: int
    held: int
    rejected: int
    pending: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What a table leads to in all."""

    nothing: int
    asked: int
    held: int
    held_and_counted: int  # by now: found good, or signed under another table


@dataclass(frozen=True, slots=True)
class Found:
    since: datetime
    is_part: bool  # because there are more doubts than are looked at
    groups: list[Group]

    @property
    def n(self) -> int:
        return total(self.groups)

    def rows(self, other: Table) -> list[Row]:
        rows = [self.row(signals, other) for signals in {group.signals for group in self.groups}]
        return sorted(rows, key=lambda row: (-row.n, row.signals))

    def row(self, signals: frozenset[Signal], other: Table) -> Row:
        groups = [group for group in self.groups if group.signals == signals]
        return Row(
            signals=[signal for signal in Signal if signal in signals],
            leads_to=outcome_of(signals, settings.SIGNALS),
            would_lead_to=outcome_of(signals, other),
            n=total(groups),
            solved=total(groups, lambda group: group.is_solved),
            counted=total(groups, lambda group: group.is_counted),
            held=total(groups, lambda group: group.moderation == Moderation.HELD),
            rejected=total(groups, lambda group: group.moderation == Moderation.REJECTED),
            pending=total(groups, lambda group: (group.state, group.moderation) == (State.PENDING, Moderation.CLEAR)),
        )

    def sums(self, table: Table) -> Sums:
        return Sums(
            nothing=total(self.groups, lambda group: outcome_of(group.signals, table) is Outcome.NOTHING),
            asked=total(self.groups, lambda group: group.is_asked(table)),
            held=total(self.groups, lambda group: group.is_held(table)),
            held_and_counted=total(self.groups, lambda group: group.is_held(table) and group.is_counted),
        )


def total(groups: Iterable[Group], which: Callable[[Group], bool] = lambda group: True) -> int:
    return sum(group.n for group in groups if which(group))


def those_of(bits: int) -> frozenset[Signal]:
    return frozenset(signal for place, signal in enumerate(Signal, start=1) if bits & 1 << place)


def run() -> Found:
    """By the key of the doubts, which are written in the order of time: no index of their moment is needed, and however
    many there are, no more than MOST are read."""
    since = timezone.now() - timedelta(days=DAYS)
    newest = Doubt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    after = newest - MOST
    # The moment of one by which a signer asks again may be long after its key.
    last_left_out = Doubt.objects.filter(pk__lte=after).exclude(kind=Doubt.Kind.SECOND_LOOK).order_by("-pk").first()
    values: dict[str, Any] = {"after": after, "since": since, "kinds": [kind.value for kind in Signal]}
    with connection.cursor() as cursor:
        cursor.execute(GROUPED, values)
        rows: Sequence[tuple[int, bool, str, str, int]] = cursor.fetchall()
    groups = [Group(those_of(kinds), is_solved, state, decided, n) for kinds, is_solved, state, decided, n in rows]
    if last_left_out is not None and last_left_out.made_at > since:
        return Found(last_left_out.made_at, True, groups)
    return Found(since, False, groups)
