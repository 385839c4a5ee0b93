"""What goes to a Sentry when something fails: where and of what kind, and nothing of the one for whom it failed."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import brotli
import psycopg
import pytest
from django.core.checks import run_checks

from petition_site.local.processes import until
from signatures import tokens
from tests.helpers import SLUG, consent_of, env_beside, make_campaign, make_signature
from tests.promises.traces import Traces
from tests.promises.visitor import Answer, Visitor
from tests.site.serving import serving

ROOT = Path(__file__).parents[2]
TYPED = {
    "name": "Qorianka Wayrapoma",
    "email": "qorianka.wayrapoma@example.net",
    "in the address": "asked-by-qorianka",
    "a cookie": "cookie-of-qorianka",
    "the page before": "came-from-qorianka",
    "the browser": "agent-of-qorianka",
    "the network": "192.0.2.77",
}


class Sink:
    """A Sentry that only listens."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.paths: list[str] = []

    def take(self, path: str, encoding: str, body: bytes) -> None:
        opened = {"gzip": gzip.decompress, "br": brotli.decompress}.get(encoding, bytes)(body)
        self.paths.append(path)
        self.bodies.append(opened.decode())

    def events(self) -> list[dict[str, Any]]:
        """Of an envelope, a heading, a heading of the item, and the item."""
        return [json.loads(body.splitlines()[2]) for body in self.bodies]


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    """With the DSN that leads there."""
    sink = Sink()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.take(self.path, self.headers.get("Content-Encoding", ""), body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield sink, f"http://key-of-the-tests@127.0.0.1:{server.server_port}/1"
        server.shutdown()
        thread.join()


@contextmanager
def no_signatures() -> Iterator[None]:
    """An error of ours for whoever writes or reads one."""
    rename = "ALTER TABLE {} RENAME TO {}"
    there, away = "signatures_signature", "signatures_signature_away"
    with psycopg.connect(env_beside()["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(rename.format(there, away))
        try:
            yield
        finally:
            connection.execute(rename.format(away, there))


def sign(site: str, consent: int) -> Answer:
    visitor = Visitor(site)
    visitor.cookies["session"] = TYPED["a cookie"]
    form = {"name": TYPED["name"], "email": TYPED["email"], "country": "PE", "visibility": "delivered", "consent": "on"}
    body = "&".join(f"{name}={value}" for name, value in (form | {"consent_id": str(consent)}).items())
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": site,
        "Referer": f"{site}/en/{TYPED['the page before']}/",
        "User-Agent": TYPED["the browser"],
        "X-Forwarded-For": TYPED["the network"],
    }
    return visitor.ask("POST", f"/en/{SLUG}/sign/?asked={TYPED['in the address']}", body.replace(" ", "+"), headers)


@pytest.mark.django_db(transaction=True)
def test_an_error_is_told_by_kind_and_place_and_of_nobody(sink: tuple[Sink, str], tmp_path: Path) -> None:
    listener, dsn = sink
    campaign = make_campaign()
    token = tokens.CONFIRM.make(make_signature(campaign).pk)
    consent = consent_of(campaign).pk
    with serving(tmp_path / "log", SENTRY_DSN=dsn, TRUSTED_PROXY_COUNT="1") as site, no_signatures():
        answer = sign(site.url, consent)
        assert answer.status == 500
        assert Visitor(site.url).get(f"/en/confirm/{token}/").status == 500
        assert until(lambda: len(listener.bodies) == 2, 30), (tmp_path / "log").read_text()

    signing, confirming = listener.events()
    assert listener.paths == ["/api/1/envelope/"] * 2
    assert signing["message"] == f"Internal Server Error: /en/{SLUG}/sign/"
    assert confirming["message"] == "Internal Server Error: /en/confirm/…/"
    assert signing["tags"] == {"request_id": answer.headers["X-Request-ID"]}
    assert {one["type"] for one in signing["exception"]["values"]} == {"UndefinedTable", "ProgrammingError"}
    assert {one["value"] for one in signing["exception"]["values"]} == {""}
    frames = signing["exception"]["values"][-1]["stacktrace"]["frames"]
    assert "signatures/views/signing.py" in {frame["filename"] for frame in frames if frame["in_app"]}
    assert set().union(*(frame.keys() for frame in frames)) == {"filename", "module", "function", "lineno", "in_app"}
    everything = "\n".join(listener.bodies)
    assert Traces([*TYPED.values(), token, str(ROOT)]).in_(everything) == []
    assert "INSERT INTO" not in everything
    assert "RELEASE" not in everything


def run(program: str, **settings: str) -> None:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=env_beside(**settings), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_a_task_that_fails_is_told_in_the_same_way(sink: tuple[Sink, str]) -> None:
    listener, dsn = sink

    run(
        "import django; django.setup(); from signatures.tasks import fold_counts; fold_counts.apply()",
        SENTRY_DSN=dsn,
        DATABASE_URL="postgresql://hidden-word@127.0.0.1:1/none",
    )

    [event] = listener.events()
    assert event["message"].startswith("Task signatures.tasks.fold_counts[")
    assert event["message"].endswith("raised unexpected: OperationalError")
    assert event["tags"]["request_id"] in event["message"]  # it goes by its own name
    assert "port 1" not in listener.bodies[0]
    assert "hidden-word" not in listener.bodies[0]


@pytest.mark.django_db
def test_nothing_is_told_of_what_only_its_sender_did_wrong(sink: tuple[Sink, str]) -> None:
    listener, dsn = sink

    run(
        "import django; django.setup(); from django.test import Client; import logging;"
        "assert Client(headers={'Host': 'evil.example'}).get('/healthz').status_code == 400;"
        "logging.getLogger('a').warning('a warning'); logging.getLogger('a').error('for ana@example.org')",
        SENTRY_DSN=dsn,
    )

    assert [event["message"] for event in listener.events()] == ["for …"]


@pytest.mark.django_db
def test_the_sdk_left_to_itself_would_tell(sink: tuple[Sink, str]) -> None:
    listener, dsn = sink

    run(
        f"import sentry_sdk; sentry_sdk.init({dsn!r})\n"
        f"def fail(name):\n  raise ValueError({TYPED['email']!r})\n"
        f"try:\n  fail({TYPED['name']!r})\n"
        "except ValueError:\n  sentry_sdk.capture_exception(); sentry_sdk.flush()"
    )

    assert Traces(TYPED.values()).in_("\n".join(listener.bodies)) == [TYPED["name"], TYPED["email"]]


@pytest.mark.parametrize(
    ("dsn", "errors"),
    [
        ("", []),
        ("https://key@sentry.example.org/1", []),
        ("http://key@localhost/1", []),
        ("http://key@sentry.example.org/1", ["site.E010"]),
    ],
    ids=["none", "TLS", "this machine", "in the clear"],
)
def test_errors_do_not_travel_in_the_clear(settings: Any, dsn: str, errors: list[str]) -> None:
    settings.SENTRY_DSN = dsn

    assert [message.id for message in run_checks() if message.id == "site.E010"] == errors
