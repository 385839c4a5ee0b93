"""Google's check under the site's own Content-Security-Policy: nothing is loaded before its button is pressed, it is
passed, and a Google that cannot be reached keeps nobody."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.challenges.pages import asked_for, serve
from tests.browser.journeys.conftest import Visitors
from tests.browser.journeys.steps import PETITION, doubts_about, send
from tests.browser.site import Site
from tests.google import Google, reset

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("challenges")]

GOOD = json.dumps({"success": True, "hostname": "localhost", "score": 0.9, "action": "sign"}).encode()
PARTS = {
    "2": [
        ("www.google.com", "/recaptcha/api.js"),
        ("www.google.com", "/recaptcha/api2/anchor"),
        ("www.gstatic.com", "/recaptcha/releases/example/recaptcha__es.js"),
    ],
    "3": [
        ("www.google.com", "/recaptcha/api.js"),
        ("www.google.com", "/recaptcha/api2/reload"),
        ("www.gstatic.com", "/recaptcha/releases/example/recaptcha__es.js"),
    ],
}
TOKENS = {"2": "token-by-checkbox", "3": "token-for-sign"}


def arrive_doubted(visitors: Visitors, email: str) -> Page:
    page = visitors.arrive()
    page.goto(PETITION)
    page.locator("[name=website]").fill("https://example.org/", force=True)
    send(page, name="Kuntur Example", email=email, visibility="delivered")
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/challenge/#main$"))
    return page


def test_it_is_loaded_by_its_button_passed_and_sees_no_address_of_ours(
    site: Site, google: Google, visitors: Visitors, version: str
) -> None:
    google.answer = serve(GOOD)
    google.heads.clear()
    google.asked.clear()
    email = f"kuntur{version}@example.org"
    page = arrive_doubted(visitors, email)
    button = page.locator("form[data-challenge] button")
    expect(button).to_be_visible()
    assert google.heads == []

    button.click()
    if version == "2":
        page.frame_locator("iframe").locator("input").check()
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/\?said=passed$"))
    assert doubts_about(email, site) == [("honeypot", True)]

    asked = [asked_for(head) for head in google.heads]
    assert sorted(asked[:-1]) == PARTS[version]
    assert asked[-1] == (google.host, "/recaptcha/api/siteverify")
    assert google.asked[-1] == {"secret": "private-key", "response": TOKENS[version]}
    # Google's hosts learn which site it is, and not whose page.
    assert [head for head in google.heads if "check-email" in head] == []
    assert visitors.errors == []


def test_a_google_that_cannot_be_reached_keeps_nobody(
    site: Site, google: Google, visitors: Visitors, version: str
) -> None:
    google.answer = reset
    email = f"unreached{version}@example.org"
    page = arrive_doubted(visitors, email)
    expect(page.get_by_role("alert")).to_be_hidden()

    page.locator("form[data-challenge] button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("form[data-challenge]")).to_be_hidden()
    page.locator("main p > a.plain").click()
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/#main$"))
    assert doubts_about(email, site) == [("honeypot", False)]
