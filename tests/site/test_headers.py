"""What every answer of every address carries: pages and errors, static files and the admin, with TLS and without.

A pattern of the site's addresses that no line of `ASKED` leads to fails.
"""

from contextlib import nullcontext
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve
from django.utils import translation

from campaigns.models import Campaign
from signatures import limits, services
from tests.helpers import form_data, log_in
from tests.provider import SECRET, SIGNING_KEY, basic, signed_form
from tests.site.addresses import make_world, routes
from tests.site.carried import assert_carries
from tests.site.https import browser_over_https, with_https

pytestmark = pytest.mark.django_db

NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"
PAGE = "public, max-age=0, s-maxage=5, stale-while-revalidate=30, stale-if-error=600"
HOUR = "public, max-age=3600"
SECONDS = "public, max-age=5, stale-while-revalidate=30"
MINUTE = "max-age=60, public"


class Ask(NamedTuple):
    status: int
    path: str
    cached: str = NEVER
    post: dict[str, Any] | None = None
    method: str = ""
    headers: dict[str, str] = {}
    cookies: frozenset[str] = frozenset()
    when: str = ""


CROSS = {"Sec-Fetch-Site": "cross-site"}
SIGNED = frozenset({"signed"})
BOTH = frozenset({"signed", "confirmed"})

ASKED = [
    Ask(302, "/"),
    Ask(200, "/robots.txt", HOUR),
    Ask(200, "/sitemap.xml", HOUR),
    Ask(200, "/healthz"),
    Ask(200, "/readyz"),
    Ask(200, "/api/v1/campaigns/water-for-all/", SECONDS),
    Ask(404, "/api/v1/campaigns/nothing/"),
    Ask(404, "/api/v1/elsewhere"),
    Ask(200, "/api/v1/campaigns/water-for-all/history/", "public, max-age=60, stale-while-revalidate=60"),
    Ask(404, "/api/v1/campaigns/nothing/history/"),
    Ask(429, "/api/v1/campaigns/water-for-all/history/", when="over the limits"),
    Ask(200, "/api/v1/openapi.json", HOUR),
    Ask(429, "/api/v1/campaigns/water-for-all/", when="over the limits"),
    Ask(405, "/api/v1/campaigns/water-for-all/", method="PUT"),
    Ask(404, "/nothing/at/all"),
    Ask(400, "/", headers={"Host": "evil.example"}),
    Ask(400, "/{lang}/confirm/{confirm}/", headers={"Host": "evil.example"}),
    # What the mail provider reports
    Ask(404, "/mail/reports/", post={}),
    Ask(405, "/mail/reports/"),
    Ask(200, "/mail/reports/", post=signed_form(), headers={"Authorization": basic()}, when="Mailgun reports"),
    Ask(400, "/mail/reports/", post=signed_form("now"), headers={"Authorization": basic()}, when="Mailgun reports"),
    Ask(403, "/mail/reports/", post=signed_form(), when="Mailgun reports"),
    Ask(403, "/mail/reports/", post={}, headers={"Authorization": basic()}, when="Mailgun reports"),
    Ask(
        413,
        "/mail/reports/",
        post={"x": "x" * 300_000},
        headers={"Authorization": basic()},
        when="Mailgun reports",
    ),
    Ask(403, "/mail/reports/", post=signed_form(), headers={**CROSS, "Authorization": basic()}, when="Mailgun reports"),
    # Static files
    Ask(200, "/static/site.css", MINUTE),
    Ask(200, "/static/icon.svg", MINUTE, method="HEAD"),
    Ask(405, "/static/site.css", method="DELETE"),
    Ask(404, "/static/nothing.css"),
    # What anybody reads
    Ask(200, "/{lang}/", PAGE),
    Ask(200, "/{lang}/accessibility/", PAGE),
    Ask(200, "/{lang}/water-for-all/", PAGE),
    Ask(304, "/{lang}/water-for-all/", PAGE, when="asked again"),
    Ask(301, "/{lang}/water-for-all", method="GET"),
    Ask(301, "/{lang}/water/", PAGE),
    Ask(200, "/{lang}/water-for-all/privacy/", PAGE),
    Ask(200, "/{lang}/water-for-all/updates.atom", PAGE),
    Ask(200, "/{lang}/water-for-all/preview.png", HOUR),
    Ask(404, "/{lang}/nothing/"),
    Ask(405, "/{lang}/water-for-all/", method="PATCH"),
    Ask(403, "/{lang}/water-for-all/", post={}, headers=CROSS),
    # Signing
    Ask(303, "/{lang}/water-for-all/sign/", post={"good": "yes"}, cookies=SIGNED),
    Ask(302, "/{lang}/water-for-all/sign/"),
    Ask(422, "/{lang}/water-for-all/sign/", post={}),
    Ask(413, "/{lang}/water-for-all/sign/", post={"name": "x" * 300_000}),
    Ask(400, "/{lang}/water-for-all/sign/", post={f"f{n}": "x" for n in range(1200)}),
    Ask(403, "/{lang}/water-for-all/sign/", post={"good": "yes"}, headers=CROSS),
    Ask(409, "/{lang}/all-over/sign/", post={}),
    Ask(429, "/{lang}/water-for-all/sign/", post={"good": "yes"}, when="over the limits"),
    Ask(500, "/{lang}/water-for-all/sign/", post={"good": "yes"}, when="a fault of ours"),
    Ask(503, "/{lang}/water-for-all/sign/", post={"good": "yes"}, when="PostgreSQL is away"),
    Ask(200, "/{lang}/water-for-all/check-email/{handle}/"),
    Ask(422, "/{lang}/water-for-all/check-email/{handle}/", post={"code": "x"}),
    Ask(429, "/{lang}/water-for-all/check-email/{handle}/", post={"code": "x"}, when="over the limits"),
    Ask(404, "/{lang}/water-for-all/check-email/broken/"),
    Ask(303, "/{lang}/water-for-all/check-email/{handle}/", post={"code": "{code}"}, cookies=BOTH),
    Ask(200, "/{lang}/water-for-all/check-email/{handle}/challenge/"),
    Ask(422, "/{lang}/water-for-all/check-email/{handle}/challenge/", post={}),
    Ask(404, "/{lang}/water-for-all/check-email/broken/challenge/"),
    Ask(303, "/{lang}/water-for-all/check-email/{handle}/resend/"),
    Ask(303, "/{lang}/water-for-all/check-email/{handle}/resend/", post={}),
    Ask(404, "/{lang}/water-for-all/check-email/broken/resend/", post={}),
    Ask(200, "/{lang}/water-for-all/thanks/"),
    Ask(200, "/{lang}/water-for-all/signature/"),
    Ask(422, "/{lang}/water-for-all/signature/", post={"email": "x"}),
    Ask(303, "/{lang}/water-for-all/signature/", post={"email": "ana@example.org"}),
    Ask(200, "/{lang}/water-for-all/signature/asked/"),
    # Out of letters
    Ask(200, "/{lang}/confirm/{confirm}/"),
    Ask(200, "/{lang}/confirm/{confirm}/", method="HEAD"),
    Ask(303, "/{lang}/confirm/{confirm}/", post={}, cookies=BOTH),
    Ask(301, "/{lang}/confirm/{confirm}"),
    Ask(404, "/{lang}/confirm/broken/"),
    Ask(405, "/{lang}/confirm/{confirm}/", method="PUT"),
    Ask(403, "/{lang}/confirm/{confirm}/", post={}, headers=CROSS),
    Ask(409, "/{lang}/confirm/{withdrawn}/", post={}),
    Ask(410, "/{lang}/confirm/{gone}/"),
    Ask(500, "/{lang}/confirm/{confirm}/", post={}, when="a fault of ours"),
    Ask(503, "/{lang}/confirm/{confirm}/", post={}, when="PostgreSQL is away"),
    Ask(404, "/{lang}/confirm/{confirm}/more/"),
    Ask(200, "/{lang}/not-me/{not_me}/"),
    Ask(200, "/{lang}/not-me/{not_me}/", post={}),
    Ask(404, "/{lang}/not-me/broken/"),
    Ask(200, "/{lang}/unsubscribe/{unsubscribe}/"),
    Ask(200, "/{lang}/unsubscribe/{unsubscribe}/", post={"List-Unsubscribe": "One-Click"}),
    Ask(404, "/{lang}/unsubscribe/broken/"),
    Ask(200, "/{lang}/address/{new_address}/"),
    Ask(200, "/{lang}/address/{new_address}/", post={}),
    Ask(404, "/{lang}/address/broken/"),
    # One's own page
    Ask(200, "/{lang}/signature/{page}/"),
    Ask(200, "/{lang}/signature/{fresh}/"),
    Ask(404, "/{lang}/signature/broken/"),
    Ask(410, "/{lang}/signature/{erased}/"),
    Ask(403, "/{lang}/signature/{page}/erase/", post={}, headers=CROSS),
    Ask(422, "/{lang}/signature/{page}/change/", post={}),
    Ask(303, "/{lang}/signature/{page}/change/"),
    Ask(303, "/{lang}/signature/{fresh}/news/", post={"news": "on"}),
    Ask(422, "/{lang}/signature/{fresh}/address/", post={}),
    Ask(303, "/{lang}/signature/{fresh}/address/", post={"email": "new@example.org"}),
    Ask(303, "/{lang}/signature/{page}/second-look/"),
    Ask(303, "/{lang}/signature/{page}/second-look/", post={}),
    Ask(200, "/{lang}/signature/{fresh}/data.json"),
    Ask(303, "/{lang}/signature/{page}/data.json"),
    Ask(200, "/{lang}/signature/{page}/withdraw/"),
    Ask(303, "/{lang}/signature/{page}/withdraw/", post={}),
    Ask(200, "/{lang}/signature/{page}/erase/"),
    Ask(303, "/{lang}/signature/{page}/erase/", post={}),
    # The door of the admin
    Ask(200, "/admin/login/", cookies=frozenset({"csrf"})),
    Ask(302, "/admin/"),
    Ask(302, "/admin/nothing/"),
]


@pytest.fixture
def world() -> dict[str, str]:
    return make_world()


def fail(error: Exception) -> Any:
    def failing(**kwargs: object) -> None:
        raise error

    return failing


ACCIDENTS: dict[str, dict[Any, Any]] = {
    "over the limits": {
        limits: dict.fromkeys(("hit", "is_over", "count"), lambda *args, **kwargs: 10**9)
        | {"count_in_turn": lambda *args, **kwargs: [10**9]}
    },
    "a fault of ours": {services: dict.fromkeys(("sign", "confirm"), fail(RuntimeError("a fault")))},
    "Mailgun reports": {
        settings: {
            "MAIL_WEBHOOK": "mailgun",
            "ANYMAIL": {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY},
        }
    },
    "PostgreSQL is away": {services: dict.fromkeys(("sign", "confirm"), fail(OperationalError("away")))},
}


def ask(client: Client, one: Ask, path: str, language: str, world: dict[str, str]) -> HttpResponse:
    """As if nothing had been asked before, and nothing had come of it."""
    data = {name: value.format_map(world) for name, value in (one.post or {}).items()}
    if "good" in data:
        data = form_data(Campaign.objects.get(slug="water-for-all"), language)
    headers = dict(one.headers)
    if one.when == "asked again":
        headers["If-None-Match"] = client.get(path)["ETag"]
    method = one.method or ("GET" if one.post is None else "POST")
    client.cookies.clear()
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        for module, names in ACCIDENTS.get(one.when, {}).items():
            for name, value in names.items():
                patch.setattr(module, name, value)
        if method == "POST":
            response = client.post(path, data, headers=headers)
        else:
            response = client.generic(method, path, headers=headers)
        if response.streaming:
            list(response)  # a file is closed by whoever reads it
        transaction.set_rollback(True)
    return response


@pytest.mark.parametrize(("language", "kind"), [("en", "http"), ("es", "https")])
def test_every_answer_of_every_address_carries_the_headers(
    world: dict[str, str], settings: Any, language: str, kind: str
) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    reached = set()
    with with_https() if kind == "https" else nullcontext():
        client = browser_over_https() if kind == "https" else Client(raise_request_exception=False)
        for one in ASKED:
            path = one.path.format_map({**world, "lang": language})
            response = ask(client, one, path, language, world)

            assert response.status_code == one.status, (one, response)
            assert response["Cache-Control"] == one.cached, one
            assert {name.removeprefix("__Host-") for name in response.cookies} == one.cookies, one
            assert_carries(response, path)
            if one.status in (200, 302, 303) and not path.startswith("/static/"):
                with translation.override(language):
                    reached.add(resolve(path).route)
    with translation.override(language):
        assert set(routes()) - reached == {"api/<path:path>"}  # where there is nothing


def test_the_admin_carries_them_over_tls(world: dict[str, str]) -> None:
    """Without TLS `test_roles.py` looks at each of its pages."""
    with with_https():
        client = browser_over_https()
        log_in(client, User.objects.create_superuser("rosa"))
        for path in (
            "/admin/",
            "/admin/signatures/signature/",
            "/admin/signatures/rule/add/",
            "/admin/auth/user/0/change/",
        ):
            response = client.get(path)
            assert response["Cache-Control"] == NEVER, path
            assert set(response.cookies) <= {"__Host-session", "__Host-csrf"}, path
            assert_carries(response, path)
