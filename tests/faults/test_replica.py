"""The history of the count comes from a replica, late by seconds, and from the primary where that is away."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from time import sleep

import pytest

from petition_site.local.processes import until
from signatures.reading import MOST_BEHIND
from tests.bench.site import BenchSite, bench_site, temporary_state
from tests.browser.site import SLUG
from tests.faults.people import People
from tests.site.replica import Replica, replica_of

pytestmark = pytest.mark.xdist_group("faults")
BREAK = 6  # seconds for which a process passes a replica over, and one more


@pytest.fixture(scope="module")
def read() -> Iterator[tuple[BenchSite, Replica]]:
    with pytest.MonkeyPatch.context() as patch, temporary_state("replica") as state:
        for setting in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(setting)
        keys = {key: os.environ[key] for key in ("SECRET_KEY", "ADDRESS_KEY")}
        with bench_site(state, **keys) as site:
            [primary] = [server for server in site.services.servers if server.kind.name.startswith("PostgreSQL")]
            with replica_of(primary, site.database) as replica:
                site.serve("gunicorn", "petition_site.wsgi", site.port, DATABASE_REPLICA_URL=replica.url)
                yield site, replica


def get(site: BenchSite, path: str) -> dict[str, object]:
    sleep(1.1)  # which a process keeps an answer for
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
        connection.request("GET", f"/api/v1/campaigns/{SLUG}/{path}", headers={"Host": "localhost"})
        response = connection.getresponse()
        assert response.status == 200
        return json.load(response)


def history(site: BenchSite) -> int:
    days = get(site, "history/")["days"]
    return days[-1]["signatures"] if days else 0


def count(site: BenchSite) -> int:
    return get(site, "")["signatures"]


def sign(site: BenchSite) -> None:
    with People(site, threads=2):
        sleep(1)


@pytest.mark.long
def test_it_is_read_passed_over_while_it_is_away_and_read_again(read: tuple[BenchSite, Replica]) -> None:
    site, replica = read
    sign(site)
    first = count(site)
    assert until(lambda: history(site) == first, 20)

    replica.ask("SELECT pg_wal_replay_pause()")
    sign(site)
    second = count(site)
    assert second > first
    assert history(site) == first  # what the replica knows

    assert replica.child is not None
    replica.child.process.send_signal(signal.SIGSTOP)
    assert history(site) == second
    sign(site)
    replica.child.process.kill()
    replica.child.process.wait(10)
    sleep(BREAK)
    third = count(site)
    assert third > second
    assert history(site) == third

    replica.start()
    assert until(lambda: replica.ask("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()") == [(True,)], 20)
    replica.ask("SELECT pg_wal_replay_pause()")
    sign(site)
    sleep(BREAK)
    assert history(site) == third < count(site)


@pytest.mark.long
def test_one_that_is_far_behind_is_passed_over(read: tuple[BenchSite, Replica]) -> None:
    site, replica = read
    replica.ask("SELECT pg_wal_replay_pause()")
    sign(site)
    sleep(MOST_BEHIND + 2)

    assert history(site) == count(site)
