"""What has failed is left alone for a while, and said once a minute."""

import logging

import pytest

from signatures.breaker import Breaker

logger = logging.getLogger("tests.breaker")


class Service:
    """It is away until it is said to be back."""

    def __init__(self) -> None:
        self.is_away, self.asked = True, 0

    def question(self) -> str:
        self.asked += 1
        if self.is_away:
            raise ConnectionError("redis://:secretpassword@192.0.2.1 does not answer")
        return "an answer"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the breaker reads, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr("signatures.breaker.monotonic", lambda: now[0])
    return now


def test_a_breaker_hands_on_what_is_answered(clock: list[float]) -> None:
    service = Service()
    service.is_away = False
    breaker = Breaker(logger, "Service away")

    assert [breaker.ask(service.question) for _ in range(3)] == ["an answer"] * 3


def test_a_breaker_asks_again_five_seconds_after_a_failure(clock: list[float]) -> None:
    service, breaker = Service(), Breaker(logger, "Service away")

    assert [breaker.ask(service.question) for _ in range(3)] == [None] * 3
    assert service.asked == 1

    service.is_away = False
    clock[0] += 4.9
    assert breaker.ask(service.question) is None
    clock[0] += 0.2
    assert breaker.ask(service.question) == "an answer"
    assert service.asked == 2


def test_a_breaker_logs_the_kind_of_failure_once_a_minute(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    service, breaker = Service(), Breaker(logger, "Service away")

    for _ in range(13):  # a minute, in pauses of five seconds
        breaker.ask(service.question)
        clock[0] += 5

    assert service.asked == 13
    assert caplog.messages == ["Service away: ConnectionError"] * 2
