"""Quiet signals: what is noticed about an attempt to sign, and what some of them together lead to.

`settings.SIGNALS` is the table. No signal alone refuses or holds anybody: people share networks, domains and names, and
password managers fill every field.
"""

import re
from collections.abc import Collection
from enum import StrEnum

from django.conf import settings
from django.utils.translation import gettext_noop


class Signal(StrEnum):
    """The names by which the table and `Doubt.kind` know them."""

    CROWD = "crowd"  # more from one network than LIMIT_SIGN
    RUSH = "rush"  # more in the campaign than LIMIT_SIGN_CAMPAIGN
    ONE_DOMAIN = "one_domain"  # more of one small mail domain, or one mailbox, from one network than LIMIT_SIGN_DOMAIN
    ONE_NAME = "one_name"  # more of one name from one network than LIMIT_SIGN_NAME
    DISPOSABLE = "disposable"  # an address of a throw-away mail domain
    HONEYPOT = "honeypot"  # the field that people do not see was filled


class Outcome(StrEnum):
    NOTHING = "nothing"  # a doubt that staff can see, no more
    CHALLENGE = "challenge"
    HOLD = "hold"


Table = tuple[tuple[frozenset[Signal], Outcome], ...]

# These say no more than that many people sign.
MANY = frozenset({Signal.CROWD, Signal.RUSH})
# A solved challenge answers these. The others are about who has signed beside, whoever solved it.
ANSWERED = frozenset({Signal.HONEYPOT})
# Of whom a challenge was solved and who is not held, these say nothing any more.
SETTLED = ANSWERED | MANY


class BadTable(ValueError):
    """Its text is English, for whoever starts the server; a form translates `words` before it puts `parts` in."""

    def __init__(self, words: str, **parts: str) -> None:
        super().__init__(words % parts)
        self.words, self.parts = words, parts


def read_table(text: str) -> Table:
    """The table out of `crowd=challenge crowd+one_domain=hold`. Raises BadTable, which says what is wrong."""
    rows = []
    for row in text.split():
        found = re.fullmatch(r"([a-z_+]+)=([a-z]+)", row)
        if not found:
            raise BadTable(gettext_noop("“%(row)s” is not like crowd+one_domain=hold"), row=row)
        names = found[1].split("+")
        if unknown := [name for name in names if name not in set(Signal)]:
            raise BadTable(gettext_noop("“%(word)s” is none of %(all)s"), word=unknown[0], all=", ".join(Signal))
        if found[2] not in set(Outcome):
            raise BadTable(gettext_noop("“%(word)s” is none of %(all)s"), word=found[2], all=", ".join(Outcome))
        signals, outcome = frozenset(map(Signal, names)), Outcome(found[2])
        if outcome is Outcome.HOLD and len(signals) == 1:
            raise BadTable(gettext_noop("“%(row)s”: one signal alone may not hold anybody"), row=row)
        if outcome is Outcome.HOLD and signals <= MANY:
            raise BadTable(gettext_noop("“%(row)s”: that many people sign may not hold anybody"), row=row)
        rows.append((signals, outcome))
    return tuple(rows)


def written(table: Table) -> str:
    """As `read_table` reads it."""
    return " ".join(f"{'+'.join(name for name in Signal if name in signals)}={outcome}" for signals, outcome in table)


def outcome_of(found: Collection[str], table: Table | None = None) -> Outcome:
    """The strongest of what the table says of these signals, whatever other ones there are."""
    table = settings.SIGNALS if table is None else table
    led_to = {outcome for signals, outcome in table if signals <= set(found)}
    return next((outcome for outcome in (Outcome.HOLD, Outcome.CHALLENGE) if outcome in led_to), Outcome.NOTHING)


def is_held_after_challenge(found: Collection[str], table: Table | None = None) -> bool:
    """Whether these signals hold somebody who has solved a challenge, too."""
    return outcome_of(set(found) - ANSWERED, table) is Outcome.HOLD


def is_worth_a_challenge(found: Collection[str], table: Table | None = None) -> bool:
    """Whether solving one would change anything for whoever shows these signals."""
    return outcome_of(found, table) is not Outcome.NOTHING and not is_held_after_challenge(found, table)
