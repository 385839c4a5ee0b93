"""Redis is killed and starts empty, or stands still: people sign as before."""

import signal
from time import monotonic, sleep

import pytest

from tests.faults.people import People
from tests.faults.site import Breakable

pytestmark = [pytest.mark.first, pytest.mark.xdist_group("faults of Redis")]
FROZEN = 30  # seconds
KILLS = 3  # of which each would end one worker in three, were it to give back what it has in hand


@pytest.mark.ci
def test_redis_killed_and_started_empty_loses_nothing_and_ends_no_worker(broken: Breakable) -> None:
    with People(broken.site) as people:
        for _time in range(KILLS):
            sleep(2)
            broken.kill(broken.server("Redis"))
            without = monotonic()
            sleep(3)
            assert people.rate_since(without) > 0
            broken.site.children.fail_if_one_ended()
            broken.empty_redis()
            broken.start_server("Redis")
        sleep(2)

    broken.reckon(people)


@pytest.mark.ci
def test_while_redis_stands_still_people_sign_and_nothing_is_lost(broken: Breakable) -> None:
    with People(broken.site) as people:
        sleep(2)
        without = freeze(broken, people, FROZEN / 2)

    assert without > 0
    broken.reckon(people)


@pytest.mark.bench
def test_while_redis_stands_still_people_sign_at_more_than_half_the_rate(
    broken: Breakable, capsys: pytest.CaptureFixture[str]
) -> None:
    with People(broken.site, reading=0) as people:
        sleep(2)
        begun = monotonic()
        sleep(8)
        ordinary = people.rate_since(begun)
        without = freeze(broken, people, FROZEN)

    with capsys.disabled():
        print(f"\nRedis frozen: {without:.0f} requests a second, and {ordinary:.0f} before")
    assert without > ordinary / 2
    broken.reckon(people)


def freeze(broken: Breakable, people: People, seconds: float) -> float:
    """How many requests a second are served meanwhile."""
    redis = broken.server("Redis")
    redis.process.send_signal(signal.SIGSTOP)
    frozen = monotonic()
    sleep(seconds)
    served = people.rate_since(frozen)
    redis.process.send_signal(signal.SIGCONT)
    return served
