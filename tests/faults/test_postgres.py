"""PostgreSQL is restarted, or killed: visitors get a page that says so, and sign again without signing twice."""

import signal
from time import sleep

import pytest

from tests.bench.site import PAGE
from tests.faults.people import People, read
from tests.faults.site import Breakable

pytestmark = pytest.mark.xdist_group("faults of PostgreSQL")
AWAY = frozenset({503})


@pytest.mark.ci
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL], ids=["restarted", "killed"])
def test_postgresql_may_end_at_any_moment(broken: Breakable, by: signal.Signals) -> None:
    with People(broken.site) as people:
        sleep(3)
        lost_at = broken.now()
        broken.kill(broken.server("PostgreSQL"), by)
        sleep(3)
        broken.start_server("PostgreSQL")
        sleep(5)

    broken.end_leases_since_before(lost_at)
    assert people.statuses()[503] > 0
    # Whoever sent again has two attempts at the most, of which one at the most is confirmed and counts.
    twice = "SELECT fingerprint FROM signatures_signature WHERE state = 'confirmed' GROUP BY 1 HAVING count(*) > 1"
    assert broken.site.ask(twice) == []
    # What was on the wire when its mark could not be committed: one letter of the worker's one process.
    broken.reckon(people, interruptions=1, statuses=AWAY)


@pytest.mark.ci
def test_the_page_stays_while_postgresql_and_redis_are_both_away(broken: Breakable) -> None:
    for _ in range(20):  # every process has made it
        before = read(broken.site.port, PAGE)
    broken.kill(broken.server("PostgreSQL"), signal.SIGINT)
    broken.kill(broken.server("Redis"))
    sleep(6)  # none of the copies is fresh enough by itself
    while_away = [read(broken.site.port, PAGE) for _ in range(20)]
    broken.start_server("PostgreSQL")
    broken.start_server("Redis")

    assert 'name="consent_id"' in before
    assert set(while_away) == {before}
    with People(broken.site) as people:
        sleep(3)
    broken.reckon(people, statuses=AWAY)
