"""Every page that a visitor can meet, in each language, as the site answers it. Fetched once for many tests."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Page, Route

from tests.browser.pages.staging import LANGUAGES
from tests.browser.site import SLUG, Site

PETITION = SLUG


@dataclass(frozen=True)
class Look:
    """One answer of the site: what a browser would show at `address`."""

    name: str
    language: str
    address: str
    status: int
    headers: list[tuple[str, str]]
    html: str = field(repr=False)
    has_errors: bool = False

    def __str__(self) -> str:
        return f"{self.name}-{self.language}"

    @property
    def is_rendered(self) -> bool:
        """Not answered by the site but made from a template."""
        return not self.headers


@dataclass(frozen=True)
class Ask:
    name: str
    path: str
    status: int = 200
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    has_errors: bool = False


def asks(language: str, tokens: Mapping[str, str]) -> Iterator[Ask]:
    """What to ask the site for, and the status that says it was answered with the page that was meant."""
    root = f"/{language}/"
    petition = f"{root}{PETITION}/"
    wrong = {"name": "Rosa Ñahui", "email": "rosa@gmail", "visibility": "delivered"}
    yield Ask("list", root)
    yield Ask("open", petition)
    yield Ask("errors", f"{petition}sign/", 422, form={}, has_errors=True)
    yield Ask("some-errors", f"{petition}sign/", 422, form=wrong, has_errors=True)
    yield Ask("too-large", f"{petition}sign/", 413, form={"name": "x" * 300_000}, has_errors=True)
    for state in ("closed", "paused", "not-yet-open"):
        yield Ask(state, f"{root}{state}/")
    yield Ask("sent-after-closing", f"{root}closed/sign/", 409, form={})
    check_email = f"{petition}check-email/{tokens['handle']}/"
    yield Ask("check-email", check_email)
    yield Ask("check-email-resent", f"{check_email}?said=resent")
    yield Ask("check-email-wrong-code", check_email, 422, form={"code": "000000"}, has_errors=True)
    # Before that it goes on by itself: tests/browser/journeys/test_challenge.py.
    yield Ask("challenge-failed", f"{check_email}challenge/", 422, form={"answer": "wrong"}, has_errors=True)
    yield Ask("check-email-passed", f"{check_email}?said=passed")
    yield Ask("check-email-broken", f"{petition}check-email/broken/", 404)
    yield Ask("thanks", f"{petition}thanks/")
    for name in ("just-confirmed", "just-shown"):
        yield Ask(f"thanks-{name}", f"{petition}thanks/", headers={"Cookie": f"confirmed={tokens[name]}"})
    yield Ask("privacy", f"{petition}privacy/")
    yield Ask("accessibility", f"{root}accessibility/")
    for state in ("pending", "confirmed", "withdrawn"):
        yield Ask(f"confirm-{state}", f"{root}confirm/{tokens[state]}/")
    yield Ask("failed-expired", f"{root}confirm/{tokens['expired']}/", 410)
    yield Ask("failed-broken", f"{root}confirm/broken/", 404)
    yield Ask("failed-gone", f"{root}confirm/{tokens['gone']}/", 410)
    yield Ask("failed-taken", f"{root}confirm/{tokens['taken']}/", 409, form={})
    yield Ask("failed-withdrawn", f"{root}confirm/{tokens['withdrawn']}/", 409, form={})
    yield from asks_of_signers(language, tokens)
    yield Ask("403", f"{petition}sign/", 403, form={}, headers={"Sec-Fetch-Site": "cross-site"})
    yield Ask("404", f"{root}nothing/here/", 404)


def asks_of_signers(language: str, tokens: Mapping[str, str]) -> Iterator[Ask]:
    """What the later letters lead to."""
    root = f"/{language}/"
    for name in ("own", "own-fresh", "own-secret", "own-held", "own-withdrawn", "own-handed-over"):
        yield Ask(name, f"{root}signature/{tokens[name]}/")
    yield Ask("own-erased", f"{root}signature/{tokens['own-erased']}/", 410)
    own, fresh = f"{root}signature/{tokens['own']}/", f"{root}signature/{tokens['own-fresh']}/"
    for said in ("changed", "not_fresh"):
        yield Ask(f"own-said-{said}", f"{own}?said={said}")
    yield Ask("own-errors", f"{own}change/", 422, form={}, has_errors=True)
    yield Ask("own-fresh-errors", f"{fresh}change/", 422, form={"visibility": "public"}, has_errors=True)
    yield Ask("own-address-error", f"{fresh}address/", 422, form={"email": "rosa@gmail"}, has_errors=True)
    yield Ask("withdraw", f"{own}withdraw/")
    yield Ask("erase", f"{own}erase/")
    for leave in ("withdraw", "erase"):
        yield Ask(f"{leave}-handed-over", f"{root}signature/{tokens['own-handed-over']}/{leave}/")
    yield Ask("ask", f"{root}{PETITION}/signature/")
    yield Ask("ask-error", f"{root}{PETITION}/signature/", 422, form={"email": "rosa"}, has_errors=True)
    yield Ask("asked", f"{root}{PETITION}/signature/asked/")
    for name in ("not-me", "not-me-confirmed", "not-me-gone"):
        yield Ask(name, f"{root}not-me/{tokens[name]}/")
    yield Ask("not-me-done", f"{root}not-me/{tokens['not-me-done']}/", form={"never_again": "on"})
    yield Ask("new-address", f"{root}address/{tokens['new-address']}/")
    yield Ask("new-address-done", f"{root}address/{tokens['new-address-done']}/", form={})
    yield Ask("unsubscribe", f"{root}unsubscribe/{tokens['unsubscribe']}/")
    yield Ask("unsubscribe-done", f"{root}unsubscribe/{tokens['unsubscribe']}/", form={})


def fetch_all(site: Site, staged: Path) -> list[Look]:
    given: dict[str, Any] = json.loads(staged.read_text())
    looks = [fetch(site, ask, language) for language in LANGUAGES for ask in asks(language, given["tokens"][language])]
    for name, html in given["rendered"].items():
        looks.append(Look(name, "es", f"{site.url}/rendered/{name}/", int(name), [], html))
    return looks


def fetch(site: Site, ask: Ask, language: str) -> Look:
    body = None if ask.form is None else urlencode(ask.form)
    sent = {"Accept-Language": "en" if language == "es" else "es"}  # the address decides, not the browser
    if body is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    status, headers, content = request(site, ask.path, method="GET" if body is None else "POST", body=body,
                                       headers={**sent, **ask.headers})  # fmt: skip
    assert status == ask.status, f"{ask.name}: {ask.path} answered {status}"
    return Look(ask.name, language, site.url + ask.path, status, headers, content.decode(), ask.has_errors)


def request(
    site: Site, path: str, *, method: str = "GET", body: str | None = None, headers: Mapping[str, str]
) -> tuple[int, list[tuple[str, str]], bytes]:
    """An answer as it travels: no encoding is undone, no redirect followed."""
    connection = HTTPConnection("localhost", urlsplit(site.url).port or 80, timeout=20)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


def show(look: Look, page: Page) -> None:
    """The answer in a browser, at its own address and with its own headers, whatever method brought it about."""

    def answer(route: Route) -> None:
        route.fulfill(
            status=look.status,
            headers=dict(look.headers) or {"Content-Type": "text/html; charset=utf-8"},
            body=look.html,
        )

    page.route(look.address, answer)
    page.goto(look.address)
    page.unroute(look.address)
