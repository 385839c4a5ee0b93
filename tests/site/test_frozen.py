"""A PostgreSQL that has stopped to answer keeps nobody waiting, with and without PgBouncer before it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

import psycopg
import pytest

from petition_site.local.processes import until
from petition_site.local.services import LocalServices
from tests.browser.site import ROOT, SLUG, Site, running_site
from tests.site.bouncer import PROGRAM, pgbouncer
from tests.site.ice import ice

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("frozen")]

PAGE = f"/en/{SLUG}/"
# Three are promised. The machine may do much else meanwhile, and nothing here may hang on that.
SECONDS = 6
AT_ONCE = 16  # twice as many as the site has threads


@dataclass(frozen=True)
class Frozen:
    """A site, and the process of the PostgreSQL that it has for itself."""

    site: Site
    postmaster: int


@pytest.fixture(scope="module", params=["PostgreSQL", "PgBouncer"])
def frozen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frozen]:
    if request.param == "PgBouncer" and PROGRAM is None:
        pytest.skip("PgBouncer is not installed (Debian: pgbouncer)")
    directory = tmp_path_factory.mktemp("patience")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL")
        with LocalServices(directory / "services", durable=False) as urls:
            (pid_file,) = (directory / "services").glob("servers/pgdata-*/postmaster.pid")
            patch.setenv("DATABASE_URL", urls["DATABASE_URL"])
            if request.param == "PostgreSQL":
                with running_site(directory) as site:
                    yield Frozen(site, int(pid_file.read_text().split()[0]))
            else:
                with pgbouncer(urls["DATABASE_URL"]) as address:
                    patch.setenv("DATABASE_URL", address)
                    with running_site(directory, PREPARED_STATEMENTS="false") as site:
                        yield Frozen(site, int(pid_file.read_text().split()[0]))


def ask(site: Site, method: str, path: str, **fields: str) -> tuple[int, str, float]:
    """Status, body, and how many seconds it took."""
    http = HTTPConnection("localhost", site.port, timeout=60)
    begun = time.monotonic()
    try:
        http.request(method, path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
        response = http.getresponse()
        return response.status, response.read().decode(), time.monotonic() - begun
    finally:
        http.close()


def sign(site: Site, email: str) -> tuple[int, str, float]:
    (consent,) = site.ask("SELECT max(id) FROM campaigns_consenttext WHERE language = 'en'")[0]
    return post_signature(site, email, consent)


def post_signature(site: Site, email: str, consent: int) -> tuple[int, str, float]:
    fields = {"name": "Ana Example", "email": email, "country": "PE", "visibility": "delivered", "consent": "on"}
    return ask(site, "POST", f"{PAGE}sign/", **fields, consent_id=str(consent))


def test_signing_confirming_exporting_and_the_checks_work(frozen: Frozen) -> None:
    """Behind PgBouncer each transaction may have another session: nothing may rest on what the last one left."""
    site = frozen.site
    assert sign(site, "ana@example.org")[0] == 303
    letter = site.wait_for_letter("ana@example.org", "Confirm your signature").get_body(("plain",))
    assert letter is not None
    (path,) = re.findall(r"(/en/confirm/[^/\s]+/)", letter.get_content())[:1]
    assert ask(site, "POST", path)[0] == 303

    assert site.ask("SELECT state FROM signatures_signature WHERE name = 'Ana Example'") == [("confirmed",)]

    def manage(*arguments: str) -> bytes:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env={**site.env}, capture_output=True, check=True).stdout

    exported = manage("export_signatures", SLUG, "--preset", "addressee", "--purpose", "a test", "--form", "machine")
    assert exported.decode() == "number,name,country\n1,Ana Example,PE\n"
    assert b"no issues" in manage("check", "--database", "default")


def test_who_comes_while_postgresql_is_frozen_is_told_within_seconds_and_all_is_well_afterwards(
    frozen: Frozen,
) -> None:
    site = frozen.site
    assert sign(site, "before@example.org")[0] == 303
    (consent,) = site.ask("SELECT max(id) FROM campaigns_consenttext WHERE language = 'en'")[0]
    with ice(frozen.postmaster), ThreadPoolExecutor(AT_ONCE) as visitors:
        for _ in range(2):
            pages = [visitors.submit(ask, site, "GET", PAGE) for _ in range(AT_ONCE // 2)]
            posts = [visitors.submit(post_signature, site, f"b{n}@example.org", consent) for n in range(AT_ONCE // 2)]
            answers = [answer.result() for answer in (*pages, *posts)]
            print(sorted(round(seconds, 2) for _, _, seconds in answers))
            assert {status for status, _, _ in answers} == {503}
            assert all("<h1" in body for _, body, _ in answers)

            assert max(seconds for _, _, seconds in answers) < SECONDS

    assert until(lambda: ask(site, "GET", PAGE)[0] == 200, 30)
    assert until(lambda: sign(site, "after@example.org")[0] == 303, 30)
    site.wait_for_letter("after@example.org", "Confirm your signature")


def test_a_statement_that_waits_for_a_lock_is_given_up_and_waits_no_more(frozen: Frozen) -> None:
    site = frozen.site
    with psycopg.connect(site.database) as other:
        other.execute("LOCK TABLE signatures_signature")
        status, _, seconds = sign(site, "locked@example.org")
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
        assert until(lambda: site.ask(waiting, "WITH the_first%") == [(0,)], 10)

    assert (status, seconds < SECONDS) == (503, True)
    assert sign(site, "unlocked@example.org")[0] == 303
