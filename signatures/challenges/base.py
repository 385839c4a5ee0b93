"""What every challenge is to the page that shows it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from django.http import HttpRequest


class Verdict(StrEnum):
    SOLVED = "solved"
    FAILED = "failed"  # may be tried once more
    AWAY = "away"  # nobody could say: to be gone on as without


class Challenge(Protocol):
    template: str  # of its part of the page

    @property
    def sources(self) -> Mapping[str, Sequence[str]]:
        """What its page may load besides, by directive of the Content-Security-Policy."""

    def ask(self, signature_id: int) -> dict[str, object]:
        """What its template needs, for this attempt to sign. Asks nobody."""

    def check(self, request: HttpRequest, signature_id: int) -> Verdict:
        """Whether what was posted solves it for this attempt. Never raises, and ends within about two seconds."""
