"""No page of another site changes anything here: each public address, by the patterns that the site has, and the admin.

Whose posts are taken, in new browsers and in old ones, is in `tests/browser/journeys/test_other_sites.py`.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import translation

from campaigns.models import Campaign
from signatures import tokens
from signatures.models import Signature, Suppression
from tests.helpers import form_data, log_in, make_campaign
from tests.site.addresses import make_world, routes
from tests.site.https import HOST, browser_over_https, with_https
from tests.site.test_roles import written

pytestmark = pytest.mark.django_db

OWN = "http://testserver"
# What browsers send with a form that stands on another site, and what no browser sends.
FORGED = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"},
    "a neighbour": {"Sec-Fetch-Site": "same-site"},
    "another site that names ours": {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    "a word that there is not": {"Sec-Fetch-Site": "same-origin-almost"},
    "capitals": {"Sec-Fetch-Site": "Same-Origin"},
    "the header twice": {"Sec-Fetch-Site": "same-origin,same-origin"},
    "the header twice, differing": {"Sec-Fetch-Site": "cross-site,same-origin"},
    "an old browser elsewhere": {"Origin": "https://elsewhere.example"},
    "an old browser in a sandbox": {"Origin": "null"},
    "a subdomain": {"Origin": "http://www.testserver"},
    "a name that begins like ours": {"Origin": "http://testserver.elsewhere.example"},
    "a name that ends like ours": {"Origin": "http://nottestserver"},
    "our name as a user": {"Origin": "http://testserver@elsewhere.example"},
    "another port": {"Origin": "http://testserver:8080"},
    "a path": {"Origin": "http://testserver/"},
    "no scheme": {"Origin": "testserver"},
    "the origin twice": {"Origin": "http://testserver, http://testserver"},
    "two origins": {"Origin": "http://testserver https://elsewhere.example"},
    "garbage": {"Origin": "http://[broken"},
    "letters that are none": {"Origin": "http://testserver\x00"},
}
# From which address each pattern's parameters are filled.
OF_TOKEN = {
    "confirm": "confirm",
    "not-me": "not_me",
    "unsubscribe": "unsubscribe",
    "address": "new_address",
    "signature": "fresh",
}


def paths() -> Iterator[str]:
    """An address that works for each public pattern. A parameter that nothing is known of raises KeyError."""
    world = make_world()
    with translation.override("en"):
        for route in routes():
            kind = route.split("/")[1] if "/" in route else ""
            fill = {"slug": "water-for-all", "handle": world["handle"], "token": world.get(OF_TOKEN.get(kind, ""), "")}
            fill["path"] = "elsewhere"
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found, fill=fill: fill[found[1]], route)


def test_every_address_refuses_a_forged_post_and_changes_nothing(client: Client) -> None:
    for path in list(paths()):
        before = written()
        for who in ("another site", "a neighbour", "an old browser elsewhere", "an old browser in a sandbox"):
            response = client.post(path, {"email": "ana@example.org"}, headers=FORGED[who])
            assert response.status_code == 403, (path, who)
            assert not response.cookies
        assert written() == before, path


def test_the_same_posts_from_our_own_pages_do_something(client: Client) -> None:
    """Otherwise the refusals would prove nothing."""
    changing = set()
    for path in list(paths()):
        fields = form_data(Campaign.objects.get(slug="water-for-all")) | {"news": "on"}
        with transaction.atomic():
            before = written()
            status = client.post(path, fields, headers={"Sec-Fetch-Site": "same-origin", "Origin": OWN}).status_code
            if written() != before:
                changing.add(re.sub(r"[^/]{40,}", "…", path))
            transaction.set_rollback(True)
        # Where no provider reports, nobody does.
        assert status in (200, 303, 405, 422) or (path, status) == ("/mail/reports/", 404), path
    assert changing == {
        "/en/confirm/…/",
        "/en/not-me/…/",
        "/en/unsubscribe/…/",
        "/en/address/…/",
        "/en/signature/…/change/",
        "/en/signature/…/news/",
        "/en/signature/…/address/",
        "/en/signature/…/withdraw/",
        "/en/signature/…/erase/",
        "/en/water-for-all/sign/",
        "/en/water-for-all/check-email/…/resend/",
        "/en/water-for-all/signature/",
    }


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_signing_refuses_each_way_of_forging(client: Client, headers: dict[str, str]) -> None:
    campaign = make_campaign()

    response = client.post("/en/water-for-all/sign/", form_data(campaign), headers=headers)

    assert response.status_code == 403
    assert "elsewhere.example" not in response.content.decode()
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    "origin", [f"http://{HOST}", f"https://{HOST}:8443", f"https://{HOST}.", "https://example.org"]
)
def test_with_tls_an_origin_without_it_is_another_one(origin: str) -> None:
    campaign = make_campaign()
    with with_https():
        client = browser_over_https()
        refused = client.post("/en/water-for-all/sign/", form_data(campaign), headers={"Origin": origin})
        assert not Signature.objects.exists()
        taken = client.post("/en/water-for-all/sign/", form_data(campaign), headers={"Origin": f"https://{HOST}"})

    assert (refused.status_code, taken.status_code) == (403, 303)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "LOCK", "GETS"])
def test_no_address_knows_another_method(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in list(paths()):
        before = written()
        assert client.generic(method, path).status_code in (403, 405), path
        assert client.generic(method, path, headers=FORGED["another site"]).status_code == 403, path
        assert written() == before, path


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_turns_one_method_into_another(client: Client, header: str) -> None:
    world = make_world()
    before = written()

    for method in ("POST", "DELETE"):
        response = client.get(f"/en/signature/{world['fresh']}/erase/?_method={method}", headers={header: method})
        assert response.status_code == 200

    assert written() == before


def test_a_mail_program_unsubscribes_with_one_click(client: Client) -> None:
    """RFC 8058: it sends neither header, no cookie, and follows no redirect."""
    response = client.post(
        f"/en/unsubscribe/{tokens.make_unsubscribe(b'x' * 32)}/",
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 200
    assert bytes(Suppression.objects.get().fingerprint) == b"x" * 32


# The admin: Django's own token besides


@pytest.fixture
def staff() -> Client:
    client = Client(enforce_csrf_checks=True)
    log_in(client, User.objects.create_superuser("rosa"))
    return client


def test_the_admin_wants_a_token_even_of_its_own_pages(staff: Client) -> None:
    own: dict[str, Any] = {"headers": {"Sec-Fetch-Site": "same-origin", "Origin": OWN}}
    rule = {"kind": "domain", "what": "example.com", "action": "block", "note": "test"}
    refused = staff.post("/admin/signatures/rule/add/", rule, **own)
    assert refused.status_code == 403
    assert "Form not accepted" in refused.content.decode()
    assert "style" not in refused.content.decode().replace("stylesheet", "")

    staff.get("/admin/signatures/rule/add/")
    token = staff.cookies["csrf"].value
    assert staff.post("/admin/signatures/rule/add/", rule | {"csrfmiddlewaretoken": "x" * 64}, **own).status_code == 403
    assert staff.post("/admin/signatures/rule/add/", rule | {"csrfmiddlewaretoken": token}, **own).status_code == 302


def test_the_admin_refuses_another_site_even_with_a_token(staff: Client) -> None:
    staff.get("/admin/signatures/rule/add/")

    response = staff.post(
        "/admin/logout/", {"csrfmiddlewaretoken": staff.cookies["csrf"].value}, headers=FORGED["another site"]
    )

    assert response.status_code == 403
    assert "_auth_user_id" in staff.session
