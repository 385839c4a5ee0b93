"""The history of the count and the start page of staff come from a replica, late by seconds, and from the primary where
that is away."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from time import sleep

import pytest

from petition_site.local.processes import until
from signatures.reading import MOST_BEHIND
from tests.bench.exports import staff_of
from tests.bench.site import BenchSite, bench_site, temporary_state
from tests.browser.site import SLUG
from tests.faults.people import People
from tests.site.ice import ice
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


@pytest.fixture(scope="module")
def cookie(read: tuple[BenchSite, Replica]) -> str:
    """Of somebody who may see the start page, of a campaign that somebody has signed."""
    site, _replica = read
    sign(site)
    return str(staff_of(site).known["cookie"])


def get(site: BenchSite, path: str, **headers: str) -> str:
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": "localhost"} | headers)
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode()


def ask(site: BenchSite, path: str) -> dict[str, object]:
    sleep(1.1)  # which a process keeps an answer for
    return json.loads(get(site, f"/api/v1/campaigns/{SLUG}/{path}"))


def told(site: BenchSite, cookie: str) -> set[int]:
    """By the history, and on the start page."""
    days = ask(site, "history/")["days"]
    page = get(site, "/admin/", **{"Cookie": cookie, "Accept-Language": "en"})
    start = re.search(r"<dt>counted now</dt><dd>([0-9,]+)</dd>", page)
    assert start
    return {days[-1]["signatures"] if days else 0, int(start[1].replace(",", ""))}


def count(site: BenchSite) -> int:
    return ask(site, "")["signatures"]


def sign(site: BenchSite) -> None:
    with People(site, threads=2):
        sleep(1)


@pytest.mark.long
def test_it_is_read_passed_over_while_it_is_away_and_read_again(read: tuple[BenchSite, Replica], cookie: str) -> None:
    site, replica = read
    sign(site)
    first = count(site)
    assert until(lambda: told(site, cookie) == {first}, 20)

    replica.ask("SELECT pg_wal_replay_pause()")
    sign(site)
    second = count(site)
    assert second > first
    assert told(site, cookie) == {first}  # what the replica knows

    assert replica.child is not None
    with ice(replica.child.process.pid):
        assert told(site, cookie) == {second}
        sign(site)
    replica.child.process.kill()
    replica.child.process.wait(10)
    sleep(BREAK)
    third = count(site)
    assert third > second
    assert told(site, cookie) == {third}

    replica.start()
    assert until(lambda: replica.ask("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()") == [(True,)], 20)
    replica.ask("SELECT pg_wal_replay_pause()")
    sign(site)
    sleep(BREAK)
    assert told(site, cookie) == {third}
    assert count(site) > third


@pytest.mark.long
def test_one_that_is_far_behind_is_passed_over(read: tuple[BenchSite, Replica], cookie: str) -> None:
    site, replica = read
    replica.ask("SELECT pg_wal_replay_pause()")
    sign(site)
    sleep(MOST_BEHIND + 2)

    assert told(site, cookie) == {count(site)}
