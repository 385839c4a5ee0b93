"""How fast people sign and confirm: beside a bare view that stores one row, and beside each other."""

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from random import randrange

from petition_site.local.servers import free_port
from tests.bench import clients
from tests.bench.clients import posted
from tests.bench.measuring import ROUNDS, Figure, Round, in_turn
from tests.bench.pages import body
from tests.bench.site import PAGE, ROOT, BenchSite

CONNECTIONS = 8
SIGNERS = 2000  # a round
AT_ONCE = 32  # who confirm

FIELDS = {"name": "Rosa Quispe", "email": "rosa@example.org", "country": "PE"}

numbers = count(randrange(10**9) * 1000)  # nobody of an earlier run


# Whoever waits longer than this for a lock is in PostgreSQL's log.
LOCK_WAIT = 50  # milliseconds


def figures(site: BenchSite) -> Iterator[Figure]:
    port, bare = free_port(), free_port()
    site.serve("ours", "petition_site.wsgi", port)
    site.serve("bare", "tests.bench.yardsticks.bare", bare)
    signing = Signing(site, port)
    signing.rate(SIGNERS // 10)  # every process has its connections, and PostgreSQL its pages in memory
    clients.run(bare, CONNECTIONS, [posted("/store/", FIELDS, number) for number in range(SIGNERS // 10)])

    def store() -> float:
        return clients.run(bare, CONNECTIONS, [posted("/store/", FIELDS, number) for number in range(SIGNERS)]).rate

    signing.waits.clear()
    rounds = in_turn(signing.rate, store)
    waits = tuple(signing.waits)  # of these rounds; those that follow add theirs
    yield Figure("signing: stored, letter queued", "a bare view with one ORM INSERT", 0.6, rounds, waits)
    yield confirming(site, signing)
    site.stop_serving("ours", "bare")


def confirming(site: BenchSite, signing: "Signing") -> Figure:
    site.ask(f"ALTER SYSTEM SET deadlock_timeout = {LOCK_WAIT}")
    site.ask("ALTER SYSTEM SET log_lock_waits = on")
    site.ask("SELECT pg_reload_conf()")
    rounds, waits = [], []
    for _ in range(ROUNDS):
        signed = signing.rate(connections=AT_ONCE)
        paths = paths_that_confirm(site, signing.handles)
        before = counted(site)
        outcome = clients.run(signing.port, AT_ONCE, [posted(path, {}, n) for n, path in enumerate(paths)])
        assert counted(site) == before + len(paths) == recounted(site)
        rounds.append(Round(outcome.rate, signed))
        waits += outcome.waits
    log = (site.state / "servers" / "logs" / "postgresql.log").read_text()
    remark = f"{log.count('still waiting for')} waits for a lock longer than {LOCK_WAIT} ms"
    return Figure(f"confirming, {AT_ONCE} at once", f"signing, {AT_ONCE} at once", 0.8, rounds, waits, remark)


def paths_that_confirm(site: BenchSite, handles: list[str]) -> list[str]:
    """What the letters' links lead to, made as the letters make them."""
    program = [sys.executable, "-m", "tests.bench.links"]
    env = site.env | {"DJANGO_SETTINGS_MODULE": "petition_site.settings"}
    return subprocess.run(
        program, input="\n".join(handles), capture_output=True, text=True, cwd=ROOT, env=env, check=True
    ).stdout.split()


def counted(site: BenchSite) -> int:
    total, deltas = (f"SELECT coalesce(sum(n), 0) FROM signatures_{table}" for table in ("total", "countdelta"))
    return int(site.ask(f"SELECT ({total}) + ({deltas})")[0][0])


def recounted(site: BenchSite) -> int:
    query = "SELECT count(*) FROM signatures_signature WHERE state = 'confirmed' AND moderation = 'clear'"
    return int(site.ask(query)[0][0])


class Signing:
    """The sign box of a running site, and what it has answered."""

    def __init__(self, site: BenchSite, port: int) -> None:
        self.site, self.port = site, port
        found = re.search(r'name="consent_id" value="(\d+)"', body(port, PAGE).decode())
        assert found
        self.consent = found[1]
        self.waits: list[float] = []
        self.handles: list[str] = []  # of the last round

    def requests(self, n: int) -> list[bytes]:
        return [self.request(next(numbers)) for _ in range(n)]

    def request(self, number: int) -> bytes:
        fields = {
            "name": f"Rosa Quispe {number}",
            "email": f"rosa.{number}@d{number % 5000}.example.org",
            "country": "PE",
            "visibility": "delivered" if number % 5 else "secret",
            "consent": "on",
            "consent_id": self.consent,
        }
        return posted(f"{PAGE}sign/", fields, number)

    def rate(self, n: int = SIGNERS, connections: int = CONNECTIONS, rate: float = 0) -> float:
        """Signatures a second, each of them found with its letter in the database afterwards; as fast as they can be,
        or at a rate."""
        last = self.site.ask(
            "SELECT (SELECT max(id) FROM signatures_signature), (SELECT max(id) FROM signatures_letter)"
        )[0]
        outcome = clients.run(self.port, connections, self.requests(n), rate)
        for table, number in zip(("signature", "letter"), last, strict=True):
            assert self.site.ask(f"SELECT count(*) FROM signatures_{table} WHERE id > %s", number or 0) == [(n,)]
        self.handles = [handle_in(location) for location in outcome.locations]
        self.waits += outcome.waits
        return outcome.rate

    def stored(self, table: str, what: str, after: int = 0) -> int:
        return int(self.site.ask(f"SELECT {what} FROM signatures_{table} WHERE id > %s", after)[0][0])


def handle_in(location: str) -> str:
    found = re.search(r"/check-email/([^/]+)/", location)
    assert found, location
    return found[1]
