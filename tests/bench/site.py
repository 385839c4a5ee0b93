"""What is measured: the site as production runs it, on servers of its own with PostgreSQL's usual durability, and the
yardsticks beside it, each behind a gunicorn with the same settings."""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from petition_site.local.processes import Child, Children, until
from petition_site.local.servers import free_port
from petition_site.local.services import LocalServices
from tests.browser.site import SLUG, prepare, settings, without_limits
from tests.services import compile_translations, environment

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = f"/es/{SLUG}/"
WORKERS = 2


@dataclass
class BenchSite:
    env: dict[str, str] = field(repr=False)  # what its processes read
    state: Path
    children: Children
    services: LocalServices = field(repr=False)  # PostgreSQL and Redis
    port: int
    serving: dict[str, Child] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return self.env["DATABASE_URL"]

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def begin(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Child:
        """A Python program of the site's, with its settings."""
        command = [sys.executable, *arguments]
        return self.children.start(name, command, log=self.logs / f"{name}.log", cwd=ROOT, env=env or self.env)

    def serve(self, name: str, application: str, port: int, **settings: str) -> None:
        """One gunicorn as the site has it, and its answer awaited."""
        child = self.begin(
            name,
            *("-m", "gunicorn", "--config", "python:petition_site.gunicorn_conf", application),
            *("--no-control-socket", "--workers", str(WORKERS), "--threads", "4", "--bind", f"127.0.0.1:{port}"),
            *("--log-level", "warning"),
            env=self.env | settings,
        )
        assert until(lambda: child.process.poll() is not None or answers(port), 60), f"{name}: see {self.logs}"
        self.children.fail_if_one_ended()
        self.serving[name] = child

    def with_database(self, name: str) -> "BenchSite":
        """The same site on another database of its server."""
        url = urlunsplit(urlsplit(self.database)._replace(path=f"/{name}"))
        return replace(self, env=self.env | {"DATABASE_URL": url})

    def with_own(self, name: str) -> tuple["BenchSite", bool]:
        """The site on a database of its own; and whether it was made now, with a campaign and without signatures."""
        is_new = not self.ask("SELECT 1 FROM pg_database WHERE datname = %s", name)
        if is_new:
            self.ask(f"CREATE DATABASE {name} TEMPLATE empty")
        return self.with_database(name), is_new

    def start_worker(self, mail: str) -> None:
        """One Celery worker with beat in it, which hands letters to this server."""
        celery = (
            "-m",
            "celery",
            "--quiet",
            "-A",
            "petition_site",
            "worker",
            "--beat",
            "--schedule",
            str(self.state / "beat"),
        )
        quiet = ("--without-gossip", "--without-mingle", "--concurrency", "1", "--loglevel", "WARNING")
        self.serving["worker"] = self.begin("worker", *celery, *quiet, env=self.env | {"EMAIL_URL": mail})

    def stop_serving(self, *names: str) -> None:
        for name in names:
            self.children.stop(self.serving.pop(name))


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/constant/", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def bench_site(state: Path, **changes: str) -> Iterator[BenchSite]:
    """Brings all of it up, with changed settings; what was in `state` before is still there."""
    (state / "logs").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = LocalServices(state / "servers")
        urls = stack.enter_context(services)
        children = Children()
        stack.callback(children.stop_all)
        port = free_port()
        keys = {"SECRET_KEY": "bench " * 10, "ADDRESS_KEY": "bench! " * 10}  # the same for a database kept from before
        env = dict(settings(port, urls["DATABASE_URL"], urls["REDIS_URL"], "smtp://127.0.0.1:1")) | keys
        env["EXPORT_APPROVAL"] = "false"  # a second person's yes takes no time of the machine's
        stack.enter_context(environment(env | {"DJANGO_SETTINGS_MODULE": "petition_site.settings"}))
        env |= without_limits() | {"TRUSTED_PROXY_COUNT": "1", "BARE_DATABASE_URL": urls["DATABASE_URL"]}
        env |= changes
        site = BenchSite(env, state, children, services, port)
        if not site.ask("SELECT 1 FROM pg_class WHERE relname = 'signatures_signature'"):
            site.env |= {"STAFF_NAME": "nobody", "STAFF_PASSWORD": secrets.token_urlsafe(12)}
            compile_translations()
            prepare(children, site.logs, site.env)
            site.ask("CREATE DATABASE empty TEMPLATE postgres")
        children.wait_for(site.begin("bare", "-m", "tests.bench.yardsticks.bare"))
        yield site


@contextmanager
def temporary_state(name: str) -> Iterator[Path]:
    """A directory in the clone, since other file systems may be memory, where nothing has to wait for a disk."""
    state = ROOT / ".local" / name
    state.mkdir(parents=True, exist_ok=True)
    try:
        yield state
    finally:
        if "BENCH_KEEP" not in os.environ:
            shutil.rmtree(state, ignore_errors=True)
