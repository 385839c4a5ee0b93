"""A whole site for a browser: gunicorn, a Celery worker and beat with production's settings, and a mail server.

PostgreSQL and Redis are those that `tests.services` names in the environment; of each the site takes a part of its own.
"""

import fcntl
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings as django_settings
from redis import Redis

from petition_site.local.processes import Child, Children, until
from petition_site.local.servers import free_port
from petition_site.local.sink import start_sink
from tests import copies

ROOT = Path(__file__).resolve().parent.parent.parent
SLUG = "stand-with-victims-of-repression-in-peru"
STAFF = "moderator"
PATIENCE = 60  # seconds, for two cores that run other tests at the same time

# Of the sixteen logical databases of a Redis, each worker of pytest-xdist has two (tests/settings.py). Each site has a
# cache in what they leave, and its broker in the next: two at a time at least, or as many as there are workers.
CACHES = range(2 * min(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), 6), 16, 2)


@dataclass(frozen=True)
class Site:
    url: str
    port: int
    database: str = field(repr=False)
    redis: str = field(repr=False)
    inbox: Path
    logs: Path
    children: Children
    env: Mapping[str, str] = field(repr=False)  # what its processes read
    password: str = field(repr=False)  # of STAFF
    codes: list[str] = field(default_factory=list, repr=False)  # of their second factor, where that is asked for

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the site's database. Not by Django: Playwright's event loop would make it refuse."""
        with psycopg.connect(self.database) as connection:
            return connection.execute(query, values).fetchall()

    def letters(self) -> list[EmailMessage]:
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(path.read_bytes()) for path in (self.inbox / "new").iterdir()]

    def letters_to(self, address: str, subject: str = "") -> list[EmailMessage]:
        """Those under a subject, or all."""
        mine = [letter for letter in self.letters() if letter["To"] == address]
        return [letter for letter in mine if subject in ("", letter["Subject"])]

    def wait_for_letter(self, address: str, subject: str = "Confirma tu firma") -> EmailMessage:
        """The one letter under a subject that an address gets."""

        def has_arrived() -> bool:
            self.children.fail_if_one_ended()
            return bool(self.letters_to(address, subject))

        assert until(has_arrived, PATIENCE), f"No letter to {address}: see {self.logs}"
        [letter] = self.letters_to(address, subject)
        return letter

    def logged(self) -> str:
        """What the processes have said so far."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.logs.glob("*.log")))


@contextmanager
def running_site(logs: Path, *, log_level: str = "info", **changes: str) -> Iterator[Site]:
    """Bring a site up with the Peru campaign open in it; afterwards nothing of it is left but its logs.

    `log_level` is that of gunicorn and Celery; `changes` are settings of the site.
    """
    # The same for each site of the run, which may be a copy of the first.
    password = sha256(os.environ["SECRET_KEY"].encode()).hexdigest()[:16]
    port = free_port()
    children = Children()

    def fill(database: str, redis: str) -> None:
        steps = Children()
        try:
            staff = {"STAFF_NAME": STAFF, "STAFF_PASSWORD": password}
            prepare(steps, logs, settings(port, database, redis, os.environ["EMAIL_URL"]) | changes | staff)
        finally:
            steps.stop_all()

    with own_redis() as redis, own_database(lambda address: fill(address, redis)) as database:
        try:
            mail = start_sink(children, logs / "inbox", logs / "mail.log")
            env = settings(port, database, redis, mail["EMAIL_URL"]) | changes
            start(children, logs, env, port, log_level)
            yield Site(env["SITE_URL"], port, database, redis, Path(mail["INBOX_DIR"]), logs, children, env, password)
        finally:
            children.stop_all()


@contextmanager
def own_database(fill: Callable[[str], None]) -> Iterator[str]:
    """Its address, which `fill` is given; on the server of the run it is a copy of one that is filled once."""
    name = f"browser_{secrets.token_hex(4)}"
    template = "template1"
    is_copy = bool(copies.prefix())
    if is_copy:
        template = copies.original("site", lambda made: fill(copies.address(made)), begun_as=copies.migrated())
    copies.tell("CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        if not is_copy:
            fill(copies.address(name))
        yield copies.address(name)
    finally:
        copies.tell("DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def own_redis() -> Iterator[str]:
    """The address of a cache; the settings take the next number for the broker. Waits while other sites have all."""

    def empty(cache: int) -> None:
        for number in (cache, cache + 1):
            with Redis.from_url(logical(number)) as server:
                server.flushdb()

    with one_of([ROOT / ".local" / f"tests-redis-{number}.lock" for number in CACHES]) as lock:
        cache = CACHES[lock]
        empty(cache)
        try:
            yield logical(cache)
        finally:
            empty(cache)


def logical(number: int) -> str:
    """The address of a logical database of the run's server."""
    return urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))


@contextmanager
def one_of(locks: Sequence[Path]) -> Iterator[int]:
    """Holds the first of these files that no other process holds, and says which; waits for one."""

    def is_taken(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    with ExitStack() as stack:
        locks[0].parent.mkdir(exist_ok=True)
        files = [stack.enter_context(lock.open("w")) for lock in locks]
        while (taken := next((n for n, file in enumerate(files) if is_taken(file)), None)) is None:
            time.sleep(0.1)
        yield taken


def settings(port: int, database: str, redis: str, mail: str) -> dict[str, str]:
    # INBOX_DIR belongs to demonstrations, and with any of the others set this would not be production.
    unwanted = {"ALLOWED_HOSTS", "BROKER_URL", "DEMO_PASSWORD", "DJANGO_SETTINGS_MODULE", "INBOX_DIR"}
    return {name: value for name, value in os.environ.items() if name not in unwanted} | {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "EMAIL_URL": mail,
        "SITE_URL": f"http://localhost:{port}",
        "DEFAULT_FROM_EMAIL": "petition@example.org",
        "DEBUG": "false",
        "DEMO": "false",
        "STAFF_SECOND_FACTOR": "false",  # the main job is another: tests/site/test_second_factor.py
    }


def without_limits() -> dict[str, str]:
    """For whoever sends more than a network of people would, and wants to see what is behind a 429."""
    limits = {f"LIMIT_{name.upper()}": "1000000/h" for name in django_settings.LIMITS}
    return limits | {"LIMIT_SIGN_MOST": "1000000", "LIMIT_SIGN_DOMAIN_MOST": "1000000"}


def prepare(children: Children, logs: Path, env: Mapping[str, str]) -> None:
    """The translations are compiled already, by `tests.services`."""

    def run(name: str, *arguments: str) -> None:
        children.wait_for(begin(children, name, *arguments, logs=logs, env=env))

    collect_once(lambda: run("collectstatic", "manage.py", "collectstatic", "--noinput", "--ignore", "flags"))
    run("migrate", "manage.py", "migrate", "--noinput")
    run("load_campaign", "manage.py", "load_campaign", SLUG)
    run("opening", "-m", "tests.browser.opening", SLUG)


def collect_once(collect: Callable[[], None]) -> None:
    """The static files, by one process for the whole run: while they are written, a site would miss them."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    record = ROOT / ".local" / "tests-collected"
    with one_of([record.with_suffix(".lock")]):
        if not record.exists() or record.read_text() != run:
            collect()
            record.write_text(run)


def begin(children: Children, name: str, *arguments: str, logs: Path, env: Mapping[str, str]) -> Child:
    return children.start(name, [sys.executable, *arguments], log=logs / f"{name}.log", cwd=ROOT, env=env)


def start(children: Children, logs: Path, env: Mapping[str, str], port: int, log_level: str) -> None:
    gunicorn = (
        "-m",
        "gunicorn",
        "--config",
        "python:petition_site.gunicorn_conf",
        "petition_site.wsgi",
        "--no-control-socket",
        "--workers",
        "2",
        "--threads",
        "4",
        "--log-level",
        log_level,
    )
    celery = ("-m", "celery", "--quiet", "-A", "petition_site")
    at_level = ("--loglevel", log_level)
    commands: dict[str, tuple[str, ...]] = {
        "gunicorn": (*gunicorn, "--bind", f"127.0.0.1:{port}"),
        "worker": (*celery, "worker", "--without-gossip", "--without-mingle", "--concurrency", "1", *at_level),
        "beat": (*celery, "beat", "--schedule", str(logs / "beat-schedule"), *at_level),
    }
    for name, arguments in commands.items():
        begin(children, name, *arguments, logs=logs, env=env)

    def is_ready() -> bool:
        children.fail_if_one_ended()
        connection = HTTPConnection("localhost", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().read() == b'{"database": true, "redis": true}'
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    assert until(is_ready, PATIENCE), f"The site did not come up: see {logs}"
