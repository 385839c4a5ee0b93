"""A real Celery worker whose Redis is gone: letters leave all the same, and the worker ends when it is told to."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from petition_site.local.processes import Child, Children, until
from petition_site.local.services import LocalServices
from signatures import tasks
from signatures.models import Letter
from tests.helpers import make_campaign, make_signature
from tests.smtp import mail_server

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 30  # seconds, for two cores that run other tests at the same time


def start_worker(children: Children, log: Path, **settings: str) -> Child:
    """With production's settings, and the database of this test."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    given: Mapping[str, str] = os.environ
    env = {name: value for name, value in given.items() if name not in ("BROKER_URL", "DJANGO_SETTINGS_MODULE")}
    command = ("-m", "celery", "--quiet", "-A", "petition_site", "worker", "--without-gossip", "--without-mingle")
    return children.start(
        "worker",
        [sys.executable, *command, "--concurrency", "1", "--loglevel", "INFO"],
        log=log,
        cwd=ROOT,
        env=env | {"DATABASE_URL": urlunsplit(database)} | settings,
        patience=PATIENCE,
    )


def ask(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def test_a_worker_sends_letters_while_redis_is_gone_and_ends_after_the_letter_in_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    log, children = tmp_path / "worker.log", Children()
    monkeypatch.delenv("REDIS_URL")
    services = LocalServices(tmp_path / "services", durable=False)
    with services as urls, mail_server() as server:
        try:
            email = f"smtp://127.0.0.1:{server.port}"
            worker = start_worker(children, log, REDIS_URL=urls["REDIS_URL"], EMAIL_URL=email)
            assert until(lambda: " ready." in log.read_text(), PATIENCE), log.read_text()
            services.children.stop_all()
            server.seconds_at_data = 2
            for number in range(2):
                make_signature(campaign, email=f"p{number}@example.org")
            assert until(lambda: server.connections, PATIENCE), log.read_text()
            children.stop(worker)
        finally:
            children.stop_all()

    assert worker.process.returncode == 0
    assert [message["To"] for message in server.arrived] == ["p0@example.org"]
    assert list(Letter.objects.order_by("pk").values_list("state", "lease")) == [("sent", None), ("waiting", None)]
    assert "@example.org" not in log.read_text()


@pytest.fixture
def sweeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tasks, "SWEEP_EVERY", 0.05)
    tasks.start_sweeping()
    yield
    tasks.stop_sweeping()
    assert not tasks._sweeper.is_alive()  # type: ignore[union-attr]


def test_a_sweep_holds_no_connection_to_the_database_between_times(sweeping: None) -> None:
    with mail_server() as server:
        make_signature(make_campaign(), email="person@example.org")
        assert until(lambda: not Letter.objects.waiting().exists(), PATIENCE)

    assert [message["To"] for message in server.arrived] == ["person@example.org"]
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert until(lambda: ask(others) == 0, PATIENCE)


def test_a_sweep_that_fails_is_not_the_last_one(sweeping: None, caplog: pytest.LogCaptureFixture) -> None:
    with mail_server():
        make_signature(make_campaign())
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE signatures_outbox RENAME TO elsewhere")
        try:
            assert until(lambda: "No sweep of the outbox: ProgrammingError" in caplog.messages, PATIENCE)
            assert Letter.objects.waiting().exists()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE elsewhere RENAME TO signatures_outbox")
        assert until(lambda: not Letter.objects.waiting().exists(), PATIENCE)
