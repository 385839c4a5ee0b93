"""What a check finds, and how checks are run: each by itself, whatever becomes of the others."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from django.db import InterfaceError, OperationalError

from petition_site.database.patience import patience


class Word(StrEnum):
    OK = "ok"
    LOOK = "look"  # it may be meant, or is worth some thought
    WRONG = "wrong"


class Finding(NamedTuple):
    word: Word
    says: str
    do: str = ""

    def line(self, title: str) -> str:
        return " ".join(filter(None, [f"{self.word:<5}", f"{title}:", self.says, self.do]))


Findings = Iterator[Finding]


def ok(says: str) -> Finding:
    return Finding(Word.OK, says)


def look(says: str, do: str = "") -> Finding:
    return Finding(Word.LOOK, says, do)


def wrong(says: str, do: str = "") -> Finding:
    return Finding(Word.WRONG, says, do)


def examine(check: Callable[[], Findings]) -> Findings:
    """What a check finds. Where it fails itself, its kind of failure is told: the words may hold anything.

    No statement waits longer than those of a request.
    """
    patience.begin()
    patience.go_on()
    try:
        yield from check()
    except (OperationalError, InterfaceError):
        yield look("This cannot be told while PostgreSQL does not answer.")
    except Exception as error:
        yield wrong(f"This could not be looked at ({type(error).__name__}).", "Tell us: the mistake is ours.")
    finally:
        patience.end()


def times(n: int, one: str, more: str) -> str:
    return f"{n:,} {one if n == 1 else more}"


def lasting(seconds: float) -> str:
    """A time in words: roughly."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}s"
    return times(round(max(seconds, 0)), "second", "seconds")
