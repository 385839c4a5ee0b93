"""Whoever is doubted, in a real browser: with scripts the challenge solves itself, without one goes on by a link."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.journeys.conftest import Visitors
from tests.browser.journeys.steps import PETITION, code_in, doubts_about, expect_at, send, states_of
from tests.browser.site import Site

pytestmark = pytest.mark.xdist_group("journeys")


def test_whoever_is_doubted_solves_a_challenge_or_goes_on_without_one_and_loses_nothing(
    site: Site, visitors: Visitors, javascript: bool
) -> None:
    email = f"phuyu.{javascript}@example.org".lower()
    page = visitors.arrive()
    page.goto(PETITION)
    page.locator("[name=website]").fill("https://example.org/", force=True)  # as some password managers do

    send(page, name="Phuyu Example", email=email, visibility="delivered")
    if javascript:
        expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/\?said=passed$"))
        expect(page.get_by_role("status")).to_be_visible()
        # "Back" leads past the challenge, which would lead here again.
        page.go_back()
        expect_at(page, PETITION)
        page.go_forward()
    else:
        expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/challenge/#main$"))
        expect(page.locator("form[data-challenge]")).to_be_hidden()
        expect(page.get_by_role("alert")).to_be_hidden()
        page.locator("main a.plain").click()
        expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/#main$"))
    assert doubts_about(email, site) == [("honeypot", javascript)]

    page.locator("[name=code]").fill(code_in(site.wait_for_letter(email)))
    page.locator("form:has([name=code]) [type=submit]").click()
    expect_at(page, f"{PETITION}thanks/")
    assert states_of(email, site) == ["confirmed"]
    # Nor a violation of the Content-Security-Policy.
    assert (visitors.requests_elsewhere, visitors.errors) == ([], [])


@pytest.mark.ci
@pytest.mark.parametrize("javascript", [True], indirect=True, ids=["with JavaScript"])
@pytest.mark.parametrize("is_able", [False, True], ids=["without its cryptography", "with a wrong answer"])
def test_a_browser_whose_challenge_comes_to_nothing_goes_on_by_the_same_link(
    site: Site, visitors: Visitors, is_able: bool
) -> None:
    email = f"tuta.{is_able}@example.org".lower()
    page = visitors.arrive()
    if is_able:
        page.route("**/challenge/", lambda route: route.fulfill(status=422) if is_post(route) else route.continue_())
    else:  # as outside of HTTPS
        page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    page.goto(PETITION)
    page.locator("[name=website]").fill("https://example.org/", force=True)

    send(page, name="Tuta Example", email=email, visibility="delivered")
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/challenge/#main$"))
    expect(page.get_by_role("alert")).to_be_visible(visible=is_able)
    expect(page.locator("form[data-challenge]")).to_be_hidden()
    page.locator("main p > a.plain").click()
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/#main$"))
    assert doubts_about(email, site) == [("honeypot", False)]


def is_post(route: Route) -> bool:
    return route.request.method == "POST"
