"""Google's check against a server that speaks its protocol, on real sockets: what it answers, late, wrongly or not at
all. Nobody loses anything by any of it, and nobody waits longer than two seconds.
"""

import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from petition_site.env import Rate
from signatures import tokens
from signatures.challenges import recaptcha
from signatures.models import Doubt, Signature
from tests.google import GOOD, Answer, Google, google_here, half, hang_up, reset, silence, trickle
from tests.helpers import check_page_of, make_campaign, make_signature, page_of

pytestmark = pytest.mark.django_db

TOKEN = "03AFcWeA-of-the-tests-only"
SCORED = GOOD | {"score": 0.7, "action": "sign"}
PASSED, UNCHECKED = "?said=passed#main", "?said=unchecked#main"
OUTSIDE = "203.0.113.77"
REAL_SECONDS = recaptcha.SECONDS


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing has failed yet, and what does answer may take its time, however much else this machine does."""
    monkeypatch.setattr(recaptcha, "SECONDS", 20)
    monkeypatch.setattr(recaptcha.breaker, "PAUSE", 600)
    recaptcha.breaker.reset()
    yield
    recaptcha.breaker.reset()


@pytest.fixture
def google(tmp_path: Path, settings: LazySettings) -> Iterator[Google]:
    with google_here(tmp_path) as google:
        settings.RECAPTCHA_PUBLIC_KEY, settings.RECAPTCHA_PRIVATE_KEY = "public-key", "private-key"
        settings.RECAPTCHA_VERIFIER = google.host
        google.says(GOOD)
        yield google


@pytest.fixture
def version_3(settings: LazySettings) -> None:
    settings.RECAPTCHA_VERSION = "3"


@pytest.fixture
def doubted() -> Signature:
    cache.clear()
    signature = make_signature(make_campaign())
    Doubt.objects.create(signature=signature, kind=Doubt.Kind.HONEYPOT)
    return signature


def post(signature: Signature, **sent: str) -> HttpResponse:
    data = {"g-recaptcha-response": TOKEN, "answer": TOKEN} | sent
    return Client(REMOTE_ADDR=OUTSIDE).post(
        f"{check_page_of(signature)}challenge/", data, headers={"X-Forwarded-For": OUTSIDE, "User-Agent": "Visitor"}
    )


def leads_to(response: HttpResponse) -> str:
    """What follows the handle in the address of the next page; empty where the page comes back."""
    if response.status_code == 422:
        assert "The check did not work this time." in response.content.decode()
        return ""
    assert response.status_code == 303
    return str(response["Location"]).rpartition("/")[2]


def is_settled(signature: Signature) -> bool:
    return not Doubt.objects.open().filter(signature=signature).exists()


def repr_of_at_most_forty(value: object) -> str:
    return repr(value)[:40]


def test_what_google_calls_solved_settles_the_doubt(google: Google, doubted: Signature) -> None:
    assert leads_to(post(doubted)) == PASSED
    assert is_settled(doubted)


def test_google_learns_the_token_and_our_key_and_nothing_of_the_visitor(google: Google, doubted: Signature) -> None:
    post(doubted)

    assert google.asked == [{"secret": "private-key", "response": TOKEN}]
    [head] = google.heads
    assert head.splitlines()[0] == "POST /recaptcha/api/siteverify HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in head.splitlines()[1:]}
    assert names == {"host", "accept-encoding", "content-length", "content-type"}
    assert OUTSIDE not in head


@pytest.mark.parametrize("codes", [["timeout-or-duplicate"], ["invalid-input-response"], ["bad-request"], [], None])
def test_what_google_calls_unsolved_comes_back(google: Google, doubted: Signature, codes: list[str] | None) -> None:
    google.says({"success": False} | ({} if codes is None else {"error-codes": codes}))

    assert leads_to(post(doubted)) == ""
    assert not is_settled(doubted)
    google.says(GOOD)  # and is no reason not to ask for the next
    assert leads_to(post(doubted)) == PASSED


@pytest.mark.parametrize("sent", ["", "x" * (recaptcha.LONGEST_TOKEN + 1)])
def test_what_can_be_no_token_is_not_asked_about(google: Google, doubted: Signature, sent: str) -> None:
    assert leads_to(post(doubted, **{"g-recaptcha-response": sent})) == ""
    assert google.asked == []


def test_a_check_that_was_passed_on_another_site_is_none(google: Google, doubted: Signature) -> None:
    google.says(GOOD | {"hostname": "elsewhere.example.org"})

    assert leads_to(post(doubted)) == UNCHECKED
    assert not is_settled(doubted)
    google.says(GOOD)  # strangers cannot bring about a pause by it
    assert leads_to(post(doubted)) == PASSED


@pytest.mark.usefixtures("version_3")
@pytest.mark.parametrize(
    ("said", "leads"),
    [
        ({}, PASSED),
        ({"score": 0.5}, PASSED),
        ({"score": 1}, PASSED),
        ({"score": 0.4}, ""),
        ({"score": 0}, ""),
        ({"action": "login"}, ""),
        ({"action": None}, ""),
        ({"score": "0.9"}, UNCHECKED),
        ({"score": None}, UNCHECKED),
        ({"score": True}, UNCHECKED),
    ],
)
def test_version_3_looks_at_score_and_action(
    google: Google, doubted: Signature, said: dict[str, Any], leads: str
) -> None:
    google.says(SCORED | said)

    assert leads_to(post(doubted)) == leads
    assert is_settled(doubted) == (leads == PASSED)


@pytest.mark.usefixtures("version_3")
@pytest.mark.parametrize(("least", "leads"), [(0.0, PASSED), (0.7, PASSED), (0.8, "")])
def test_the_least_score_is_a_setting(
    google: Google, doubted: Signature, settings: LazySettings, least: float, leads: str
) -> None:
    settings.RECAPTCHA_SCORE = least
    google.says(SCORED)

    assert leads_to(post(doubted)) == leads


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("500 Internal Server Error", GOOD),
        ("429 Too Many Requests", GOOD),
        ("302 Found", GOOD),
        ("200 OK", b""),
        ("200 OK", b"<!doctype html><title>Sign in to this network</title>"),
        ("200 OK", b"\xff\xfe\x00"),
        ("200 OK", b'{"success": true, "hostname": "testserver"'),
        ("200 OK", b"[" * 16_000),
        ("200 OK", []),
        ("200 OK", None),
        ("200 OK", {}),
        ("200 OK", {"success": "true", "hostname": "testserver"}),
        ("200 OK", {"success": 1, "hostname": "testserver"}),
        ("200 OK", {"success": True}),
        ("200 OK", {"success": True, "hostname": None}),
        ("200 OK", {"success": False, "error-codes": "none"}),
        ("200 OK", {"success": False, "error-codes": ["invalid-input-secret"]}),
        ("200 OK", b'{"success": true, "hostname": "testserver"' + b" " * 20_000_000 + b"}"),
    ],
    ids=repr_of_at_most_forty,
)
def test_nonsense_is_as_without_a_challenge(google: Google, doubted: Signature, status: str, said: Any) -> None:
    google.says(said, status)

    assert leads_to(post(doubted)) == UNCHECKED
    assert not is_settled(doubted)
    assert len(google.asked) == 1


@pytest.mark.parametrize("answer", [reset, hang_up, half, lambda google, line: line.sendall(b"no HTTP\r\n\r\n")])
def test_a_connection_that_breaks_is_as_without_a_challenge(google: Google, doubted: Signature, answer: Answer) -> None:
    google.answer = answer

    assert leads_to(post(doubted)) == UNCHECKED
    assert len(google.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        trickle(b""),
        trickle(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10000\r\n\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9999\r\n"),
    ],
    ids=["nothing", "status", "header", "body", "last body", "chunk"],
)
def test_however_slowly_it_goes_on_coming_nobody_waits_for_more_than_the_whole_time(
    google: Google, doubted: Signature, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these would go on for as long as the test does, and ends by our hanging up."""
    monkeypatch.setattr(recaptcha, "SECONDS", 0.4)
    google.answer = answer

    assert leads_to(post(doubted)) == UNCHECKED
    assert google.was_left.wait(20)
    assert not google.is_over.is_set()


def test_the_real_two_seconds_end_it_too(google: Google, doubted: Signature, monkeypatch: pytest.MonkeyPatch) -> None:
    assert REAL_SECONDS == 2
    monkeypatch.setattr(recaptcha, "SECONDS", REAL_SECONDS)
    google.answer = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")

    assert leads_to(post(doubted)) == UNCHECKED
    assert google.was_left.wait(20)


@pytest.mark.parametrize("kind", ["refused", "never accepted", "no TLS"])
def test_a_google_that_cannot_be_reached_is_as_without_a_challenge(
    google: Google, doubted: Signature, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(recaptcha, "SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.RECAPTCHA_VERIFIER = f"localhost:{server.getsockname()[1]}"
        if kind == "refused":
            server.close()
        elif kind == "no TLS":
            Thread(target=answer_plainly, args=[server], daemon=True).start()

        assert leads_to(post(doubted)) == UNCHECKED
    assert google.asked == []


def answer_plainly(server: socket.socket) -> None:
    with server.accept()[0] as line, suppress(OSError):
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        line.recv(65536)


def test_a_certificate_of_somebody_else_is_not_google(
    google: Google, doubted: Signature, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    assert leads_to(post(doubted)) == UNCHECKED
    assert google.asked == []


def test_what_has_failed_is_left_alone_for_a_while_and_logged_by_its_kind(
    google: Google, doubted: Signature, caplog: pytest.LogCaptureFixture
) -> None:
    google.says({"secret": "private-key"})
    with caplog.at_level(logging.INFO):
        assert [leads_to(post(doubted)) for _ in range(3)] == [UNCHECKED] * 3

    assert len(google.asked) == 1
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("signatures")]
    assert logged == ["Signing goes on without Google's challenge: Unusable"]


def test_nobody_is_asked_beyond_the_limit(google: Google, doubted: Signature, settings: LazySettings) -> None:
    settings.LIMITS = settings.LIMITS | {"challenge": Rate(2, 3600)}
    google.says({"success": False})

    assert [leads_to(post(doubted)) for _ in range(4)] == ["", "", "#main", "#main"]
    assert len(google.asked) == 2


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("domain", ["www.google.com", "www.recaptcha.net"])
def test_the_page_loads_nothing_of_googles_by_itself_and_may_load_what_googles_guide_names(
    google: Google, doubted: Signature, settings: LazySettings, domain: str, version: str
) -> None:
    settings.RECAPTCHA_DOMAIN, settings.RECAPTCHA_VERSION = domain, version

    page = Client().get(f"{check_page_of(doubted)}challenge/")

    html = page.content.decode()
    assert 'data-sitekey="public-key"' in html
    assert "private-key" not in html
    assert f'data-script="https://{domain}/recaptcha/api.js"' in html
    assert f'data-version="{version}"' in html
    assert html.count("<script") == 2  # site.js and challenge.js
    assert html.count(domain) == 1
    policy = directives(page)
    assert policy["script-src"] == f"'self' https://{domain}/recaptcha/ https://www.gstatic.com/recaptcha/"
    assert policy["frame-src"] == f"https://{domain}/recaptcha/ https://recaptcha.google.com/recaptcha/"
    assert policy["connect-src"] == f"'self' https://{domain}/recaptcha/"
    elsewhere = directives(Client().get(check_page_of(doubted)))
    assert {name for name in policy if policy[name] != elsewhere.get(name)} == {
        "connect-src",
        "frame-src",
        "script-src",
    }
    assert google.asked == []


def directives(page: HttpResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in page["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize(
    "path", ["", "privacy/", "signature/", "signature/asked/", "thanks/", "check-email", "confirm", "own", "/en/"]
)
def test_no_other_page_loads_or_may_load_anything_of_a_challenge(doubted: Signature, path: str) -> None:
    addresses = {
        "check-email": check_page_of(doubted),
        "confirm": f"/en/confirm/{tokens.CONFIRM.make(doubted.pk)}/",
        "own": page_of(doubted),
        "/en/": "/en/",
    }
    page = Client().get(addresses.get(path, f"/en/water-for-all/{path}"))

    assert page.status_code == 200
    html = page.content.decode().lower()
    assert [word for word in ("challenge.js", "recaptcha", "gstatic", "data-challenge") if word in html] == []
    assert "https:" not in page["Content-Security-Policy"]
