"""How the logs are written: a line of JSON for each event, which goes by the request that it came of."""

import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from petition_site import logs, request_ids
from signatures import tasks

NAME = "Ana Example"
MADE = re.compile(r"[0-9a-f]{32}")
OF_NGINX = "0123456789abcdef0123456789ABCDEF"
GOOD = {
    "nginx": OF_NGINX,
    "a UUID": "7b6f2a3e-58a5-4c1e-9a52-3f1f0f6f0b11",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
BAD = {
    "nothing": "",
    "too short": "abc",
    "too long": "a" * 65,
    "a name": "Ana-Example-Huaman",
    "an email address": "ana@example.org",
    "an address of the net": "0000:0000:0000:0001",
    "a line of its own": f"{OF_NGINX}\n",
    "other digits": "٠" * 32,
}


made = request_ids.made  # before a fixture of all tests takes its place


@pytest.fixture(autouse=True)
def no_request_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(request_ids, "made", made)
    request_ids._current.set("")
    yield
    request_ids._current.set("")


def written(record: logging.LogRecord) -> dict[str, Any]:
    logs.WithoutTokens().filter(record)
    line = logs.AsJson().format(record)
    assert "\n" not in line
    return json.loads(line)


def record(message: str, *args: object, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "a.b", "levelname": "WARNING", "msg": message, "args": args, "created": 0.5, "process": 7} | fields
    )


def name_of(given: str) -> str:
    return request_ids.name_of(RequestFactory().get("/", HTTP_X_REQUEST_ID=given))


def test_an_event_is_one_line_of_json() -> None:
    assert written(record("one\ntwo “%s”", "three")) == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "WARNING",
        "logger": "a.b",
        "message": "one\ntwo “three”",
        "process": 7,
    }


def test_of_an_error_the_line_has_kind_and_place_and_nobodys_data() -> None:
    try:
        int(NAME)
    except ValueError:
        said = written(record("failed for %s", "ana@example.org", exc_info=sys.exc_info()))

    assert said["message"] == "failed for …"
    assert said["traceback"].splitlines()[-1] == "builtins.ValueError"
    assert "tests/site/test_logs.py" in said["traceback"]
    assert NAME not in json.dumps(said)


def test_a_traceback_that_passed_no_filter_is_not_written() -> None:
    try:
        int(NAME)
    except ValueError:
        line = logs.AsJson().format(record("failed", exc_info=sys.exc_info()))

    assert set(json.loads(line)) == {"time", "level", "logger", "message", "process"}


@pytest.mark.parametrize("given", GOOD.values(), ids=GOOD)
def test_a_trusted_proxy_may_name_the_request(settings: Any, given: str) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    assert name_of(given) == given


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_what_is_no_name_of_a_request_is_replaced(settings: Any, given: str) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    assert MADE.fullmatch(name_of(given))
    assert name_of(given) != name_of(given)


def test_without_a_proxy_nobody_else_names_a_request(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 0

    assert MADE.fullmatch(name_of(OF_NGINX))
    assert name_of(OF_NGINX) != OF_NGINX


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/en/nowhere/", "/static/site.css"])
def test_each_answer_says_what_its_request_goes_by(client: Client, settings: Any, path: str) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    response = client.get(path, headers={"X-Request-ID": OF_NGINX})
    response.close()

    assert response["X-Request-ID"] == OF_NGINX


@pytest.mark.django_db
def test_a_line_that_a_request_has_written_goes_by_it(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        response = client.get("/en/nowhere/")

    assert written(caplog.records[0])["request_id"] == response["X-Request-ID"]


def test_what_is_streamed_goes_by_its_request_too() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    response = request_ids.named(answer)(RequestFactory().get("/"))

    assert written(record("streaming"))["request_id"] == response["X-Request-ID"]


def test_a_nudge_carries_the_request_to_the_task(client: Client) -> None:
    """As the broker has it: whoever sends it, another process reads it."""
    cache.clear()  # or another test has nudged a moment ago
    current_app.control.purge()
    response = client.get("/healthz")
    tasks.nudge_letters()

    with current_app.connection_for_read() as broker, broker.SimpleQueue("celery") as queue:
        message = queue.get(timeout=10)
        message.ack()

    assert message.headers["task"] == "signatures.tasks.send_letters"
    assert message.headers["request_id"] == response["X-Request-ID"]


def test_a_warning_and_the_end_of_a_thread_are_lines_like_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        int(NAME)

    before = threading.excepthook, warnings.showwarning
    logs.take_what_is_written_past_them()
    try:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("for ana@example.org", stacklevel=1)
    finally:
        logging.captureWarnings(False)
        threading.excepthook, warnings.showwarning = before

    ended, warned = map(written, caplog.records)
    assert (ended["message"], ended["traceback"].splitlines()[-1]) == ("A thread ended", "builtins.ValueError")
    assert warned["logger"] == "py.warnings"
    assert "UserWarning: for …" in warned["message"]
