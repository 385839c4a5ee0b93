"""Nothing of a person is in what the site writes when something fails, be it a log or a report of Django's."""

import logging
import sys
from collections.abc import Iterator
from itertools import count
from types import ModuleType
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter

from petition_site.logs import OneLineForRefusals, WithoutTokens, without_tokens
from petition_site.reports import Report
from signatures import tokens

TOKEN = tokens.CONFIRM.make(7)
SECRETS = {
    "the token of the address": TOKEN.rpartition(":")[2],
    "a field": "Ana Example",
    "an email address": "ana@example.org",
    "a cookie": "cookie-of-ana",
    "a variable": "variable-of-ana",
    "what the first error says": "said-first",
    "what the second error says": "said-then",
    "the page before": "came-from",
}


def failing(request: HttpRequest, token: str) -> HttpResponse:
    about_ana = SECRETS["a variable"]
    try:
        int(f"{request.POST['name']} {about_ana} {SECRETS['what the first error says']}")
    except ValueError as error:
        raise RuntimeError(f"{request.POST['email']} {token} {SECRETS['what the second error says']}") from error
    return HttpResponse()


@pytest.fixture
def urls() -> Iterator[str]:
    """A site with a view that fails."""
    module = ModuleType("tests.site.failing_urls")
    module.urlpatterns = [path("es/confirm/<str:token>/", failing)]
    sys.modules[module.__name__] = module
    with override_settings(ROOT_URLCONF=module.__name__, ADMINS=[("Rosa", "rosa@example.net")], MIDDLEWARE=[]):
        yield module.__name__
    del sys.modules[module.__name__]


def visit() -> HttpResponse:
    client = Client(raise_request_exception=False)
    client.cookies["signed"] = SECRETS["a cookie"]
    fields = {"name": SECRETS["a field"], "email": SECRETS["an email address"]}
    headers = {"Referer": "http://testserver/es/signature/came-from/"}
    return client.post(f"/es/confirm/{TOKEN}/", fields, headers=headers)


def found(text: str) -> list[str]:
    return [what for what, secret in SECRETS.items() if secret in text]


@pytest.fixture
def reported(urls: str) -> Iterator[list[Any]]:
    """What a handler mails that somebody may add to Django's logger."""
    handler = AdminEmailHandler(include_html=True)
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    yield mail.outbox
    logger.removeHandler(handler)


def test_a_report_by_email_tells_kind_and_place_and_nothing_else(reported: list[Any]) -> None:
    assert visit().status_code == 500

    [letter] = reported
    [(html, _kind)] = letter.alternatives
    for text in (letter.subject, letter.body, html):
        assert found(text) == []
    assert letter.subject.endswith("Internal Server Error: /es/confirm/…/")
    for text in (letter.body, html):
        assert "builtins.ValueError" in text
        assert "builtins.RuntimeError" in text
        assert "tests/site/test_reports.py" in text


def test_djangos_own_report_would_tell(reported: list[Any]) -> None:
    with override_settings(DEFAULT_EXCEPTION_REPORTER="django.views.debug.ExceptionReporter"):
        logging.getLogger("django").handlers[-1].reporter_class = ExceptionReporter
        visit()

    assert len(found(reported[0].body + reported[0].alternatives[0][0])) == len(SECRETS)


def test_the_log_tells_kind_and_place_and_nothing_else(urls: str, capsys: pytest.CaptureFixture[str]) -> None:
    stderr = logging.StreamHandler(sys.stderr)
    stderr.addFilter(WithoutTokens())
    logging.getLogger().addHandler(stderr)
    visit()
    logging.getLogger().removeHandler(stderr)

    written = capsys.readouterr().err
    assert "Internal Server Error: /es/confirm/…/" in written
    assert "builtins.RuntimeError" in written
    assert found(written) == []


def test_with_debug_the_report_is_djangos() -> None:
    request = RequestFactory().get("/somewhere/")
    with override_settings(DEBUG=True):
        text = Report(request, RuntimeError, RuntimeError("said"), None).get_traceback_text()

    assert "said" in text
    assert "/somewhere/" in text


@pytest.mark.parametrize(
    ("message", "argument", "written"),
    [
        ("Not Found: %s", "/es/confirm/12:1abcDE:secret-part/", "Not Found: /es/confirm/…/"),
        ("Not Found: %s", "/es/confirm//12:1abcDE:secret-part/", "Not Found: /es/confirm//…/"),
        ("Not Found: %s", "/ES/CONFIRM/12:1ABCDE:SECRET-PART/", "Not Found: /ES/CONFIRM/…/"),
        ("Not Found: %s", f"/es/{TOKEN}", "Not Found: /es/…"),
        (
            "Error handling request %s",
            f"/?next=%2Fes%2F{TOKEN.replace(':', '%3A')}",
            "Error handling request /?next=%2Fes%…",
        ),
        ("%s", tokens.make_unsubscribe(bytes(32)), "…"),
        ("%s", tokens.PageKey(7, 0).make(), "…"),
        ("at %s", tokens.Handle(7, "a…a@example.org").seal(), "at …"),
        (
            "Invalid request from ip=192.0.2.7: Invalid HTTP request line: %r",
            "name=Ana+Example",
            "Invalid request: Invalid HTTP request line…",
        ),
        (
            "Task raised unexpected: %r",
            ValueError("for ana@example.org"),
            "Task raised unexpected: ValueError('for …')",
        ),
        (
            "Forbidden (Referer %s)",
            f"https://x.example/es/confirm/{TOKEN}/",
            "Forbidden (Referer https://x.example/es/confirm/…/)",
        ),
    ],
    ids=map(str, count()),  # a token is another one in each process
)
def test_logs_hold_neither_token_nor_address(message: str, argument: Any, written: str) -> None:
    record = logging.makeLogRecord({"msg": message, "args": (argument,), "levelno": logging.WARNING})

    assert WithoutTokens().filter(record)
    assert record.getMessage() == written


def test_a_log_keeps_what_says_how_to_start_the_site() -> None:
    try:
        raise ImproperlyConfigured("SITE_URL is not set.")
    except ImproperlyConfigured:
        record = logging.makeLogRecord({"msg": "cannot start", "exc_info": sys.exc_info()})

    WithoutTokens().filter(record)

    assert str(record.exc_text).endswith("ImproperlyConfigured: SITE_URL is not set.")


@pytest.mark.parametrize(
    ("status", "written"), [(400, "WARNING Refused: /es/"), (500, "ERROR Refused: /es/\nValueError: typed")]
)
def test_only_a_fault_of_ours_is_logged_as_an_error(status: int, written: str) -> None:
    error = ValueError("typed")
    extra = {"status_code": status}
    logger = logging.getLogger("django.security.Example")
    told = (ValueError, error, None)
    record = logger.makeRecord("a", logging.ERROR, "views.py", 1, "Refused: %s", ("/es/",), told, extra=extra)

    assert OneLineForRefusals().filter(record)
    assert logging.Formatter("%(levelname)s %(message)s").format(record) == written


@pytest.mark.parametrize("run", ["a", "a:", "a@", "a.a", "gAAAA", "/confirm/", "a%3A", "a" * 42 + ":"])
def test_the_longest_line_is_read_in_one_pass(run: str) -> None:
    """Where it were read anew from each character, this would take minutes, and a few such requests the whole site."""
    assert without_tokens(f"{run * 20_000} for ana@example.org").endswith(" for …")


def test_of_a_task_that_failed_its_kind_is_told_and_not_what_the_error_says() -> None:
    try:
        raise ValueError(SECRETS["a field"])
    except ValueError as error:
        exc_info = (type(error), error, error.__traceback__)
    # As celery.app.trace has it.
    args = {"id": "1", "name": "signatures.tasks.fold_counts", "description": "raised unexpected", "exc": exc_info[1]}
    record = logging.makeLogRecord({"msg": "Task %(name)s %(description)s: %(exc)s", "exc_info": exc_info})
    record.args = args

    assert WithoutTokens().filter(record)
    assert record.getMessage() == "Task signatures.tasks.fold_counts raised unexpected: ValueError"
    assert SECRETS["a field"] not in str(record.exc_text)
