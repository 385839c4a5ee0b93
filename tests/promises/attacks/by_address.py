"""Addresses and headers: ways out to another site, hosts, what caches would keep for others, and lines of headers."""

import re
from collections.abc import Callable

from django.http import HttpResponse
from django.test import Client

from signatures.models import Retraction, Suppression
from tests.helpers import form_data
from tests.promises.attacks.world import PAGE, SCRIPT, Attack, World, nothing_stored
from tests.provider import REPORTS, SECRET, basic, bounced, reporting_by, signed


def leads_home(world: World, response: HttpResponse) -> bool:
    return bool(re.match(r"/(?![/\\])", response["Location"])) and "evil" not in response["Location"]


def says_nothing_of(word: str) -> Callable[[World, HttpResponse], bool]:
    return lambda world, response: word not in response.content.decode() + str(response.headers)


def report(name: str, at: str = REPORTS, key: str = "", **headers: str) -> Callable[[World], HttpResponse]:
    """That Beto's letter has bounced, as the provider would say it, but for what is given here."""

    def send(world: World) -> HttpResponse:
        event = {"type": "activity.hard_bounced", "data": {"type": "hard_bounced"}}
        event["data"]["email"] = {"recipient": {"email": world.beto.email}}
        event = bounced(world.beto.email) if name == "postmark" else event
        body, right = signed(name, event, **({"key": key} if key else {}))
        with reporting_by(name):
            return world.client.post(at, body, content_type="application/json", headers=right | headers)

    return send


def nothing_followed(world: World, response: HttpResponse) -> bool:
    states = set(world.beto.letters.values_list("state", flat=True))
    return states == {"waiting"} and not Suppression.objects.exists() and not Retraction.objects.exists()


def same_page(**headers: str) -> Attack:
    """What a cache would keep for everybody is what it keeps without the header, byte for byte."""

    def send(world: World) -> HttpResponse:
        world.plain = Client().get(PAGE)
        return world.client.get(PAGE, headers=headers)

    def holds(world: World, response: HttpResponse) -> bool:
        plain = world.plain
        return (response.content, response["ETag"], sorted(response.items())) == (
            plain.content,
            plain["ETag"],
            sorted(plain.items()),
        )

    [(name, value)] = headers.items()
    return Attack(f"the page asked for with {name}: {value}", send, 200, holds)


ADDRESSES = [
    Attack("a way out in ?next=", lambda w: w.get("/?next=//evil.example"), 302, leads_home),
    Attack(
        "a way out in ?next= of signing", lambda w: w.get(f"{PAGE}sign/?next=https://evil.example"), 302, leads_home
    ),
    Attack(
        "a backslash for a slash",
        lambda w: w.get("/\\evil.example/water-for-all"),
        404,
        says_nothing_of("evil.example"),
    ),
    Attack(
        "two slashes encoded",
        lambda w: w.get("/%2f%2fevil.example/en/water-for-all"),
        404,
        says_nothing_of("evil.example"),
    ),
    Attack(
        "the language switch of a made-up page",
        lambda w: w.get("/en/evil.example/x/"),
        404,
        says_nothing_of("evil.example"),
    ),
    Attack("another host", lambda w: w.get(PAGE, Host="evil.example"), 400, says_nothing_of("evil.example")),
    Attack(
        "another host to signing",
        lambda w: w.client.post(f"{PAGE}sign/", form_data(w.campaign), headers={"Host": "evil.example"}),
        400,
        nothing_stored,
    ),
    Attack(
        "a host with a way out in it",
        lambda w: w.get(PAGE, Host="testserver@evil.example"),
        400,
        says_nothing_of("evil.example"),
    ),
    Attack(
        "another port in the feed",
        lambda w: w.get(f"{PAGE}updates.atom", Host="testserver:1337"),
        200,
        says_nothing_of("1337"),
    ),
    Attack(
        "another port in the sitemap",
        lambda w: w.get("/sitemap.xml", Host="testserver:1337"),
        200,
        says_nothing_of("1337"),
    ),
    Attack("another port in the page", lambda w: w.get(PAGE, Host="testserver:1337"), 200, says_nothing_of("1337")),
    Attack("another port to who forgot the slash", lambda w: w.get(PAGE[:-1], Host="testserver:1337"), 301, leads_home),
    *(
        same_page(**{name: value})
        for name, value in {
            "X-Forwarded-Host": "evil.example",
            "X-Host": "evil.example",
            "Forwarded": "host=evil.example;proto=http",
            "X-Forwarded-Server": "evil.example",
            "X-Forwarded-Port": "1337",
            "X-Forwarded-Prefix": "/evil",
            "X-Forwarded-Scheme": "evil",
            "X-Forwarded-Proto": "evil",
            "X-Original-URL": "/admin/",
            "X-Rewrite-URL": "/admin/",
            "X-HTTP-Method-Override": "POST",
            "Origin": "https://evil.example",
            "Accept-Language": "es",
            "Accept-Encoding": "evil",
            "Cookie": "django_language=es; signed=evil; confirmed=evil",
            "User-Agent": SCRIPT,
            "Referer": "https://evil.example/?via=evil",
            "Accept": "application/json",
            "Authorization": "Basic ZXZpbDpldmls",
        }.items()
    ),
    Attack(
        "words in the query",
        lambda w: w.get(f"{PAGE}?said={SCRIPT}&via=evil&utm_source=evil"),
        200,
        says_nothing_of("evil"),
    ),
    Attack(
        "a sentence that there is not", lambda w: w.get(f"{w.own()}?said={SCRIPT}"), 200, says_nothing_of("alert(1)")
    ),
    Attack(
        "a line of a header in a slug",
        lambda w: w.get("/en/water%0d%0aSet-Cookie:%20evil=1/"),
        404,
        lambda w, r: not r.cookies,
    ),
    Attack(
        "a line of a header in a token",
        lambda w: w.get("/en/signature/x%0d%0aSet-Cookie:%20evil=1/data.json"),
        404,
        lambda w, r: not r.cookies,
    ),
    Attack(
        "a line of a header in a path without its slash",
        lambda w: w.get("/en/confirm/x%0d%0aSet-Cookie:%20evil=1"),
        301,
        lambda w, r: not r.cookies and "\n" not in r["Location"],
    ),
    Attack("a line of a header in a name", lambda w: w.sign(name="Ana\r\nBcc: evil@example.org"), 422, nothing_stored),
    Attack(
        "a line of a header in an address",
        lambda w: w.sign(email="ana@example.org\r\nBcc: evil@example.org"),
        422,
        nothing_stored,
    ),
    Attack("two addresses in one", lambda w: w.sign(email="ana@example.org,evil@example.org"), 422, nothing_stored),
    Attack("a bounce without the secret", report("postmark", Authorization=""), 403, nothing_followed),
    Attack(
        "a bounce with another secret", report("postmark", Authorization=basic(SECRET[::-1])), 403, nothing_followed
    ),
    Attack(
        "a bounce with the secret in the address",
        report("postmark", f"{REPORTS}?webhook_secret={SECRET}", Authorization=""),
        403,
        nothing_followed,
    ),
    Attack("a bounce without a signature", report("mailersend", Signature=""), 403, nothing_followed),
    Attack("a bounce signed with another key", report("mailersend", key="another"), 403, nothing_followed),
    Attack("a bounce posted by another site", report("postmark", Origin="https://evil.example"), 403, nothing_followed),
    Attack(
        "a bounce that another provider would report",
        lambda w: w.client.post(REPORTS.replace("reports", "mailgun"), {}),
        404,
        nothing_followed,
    ),
    Attack("a name in an address", lambda w: w.sign(email="Ana <ana@example.org>"), 422, nothing_stored),
]
