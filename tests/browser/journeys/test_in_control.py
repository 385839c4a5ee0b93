"""Signers stay in control, in a real browser: ways to confirm, what is shown, one's own page, "this was not me"."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.browser.journeys.conftest import Visitors
from tests.browser.journeys.steps import (
    PETITION,
    button,
    code_in,
    confirmation_link,
    expect_at,
    link_in,
    petition_count,
    shown_count,
    sign,
    states_of,
)
from tests.browser.site import Site

pytestmark = [pytest.mark.first, pytest.mark.xdist_group("journeys")]

only_with_scripts = pytest.mark.parametrize("javascript", [True], indirect=True, ids=["with JavaScript"])


@only_with_scripts
def test_in_the_browser_that_signed_opening_the_link_is_enough(site: Site, visitors: Visitors) -> None:
    email = "killa@example.org"
    page = visitors.arrive()
    page.goto(PETITION)
    sign(page, name="Killa Example", email=email, visibility="delivered")
    link = confirmation_link(site.wait_for_letter(email), site)

    # Whatever fetches the page without running it changes nothing, even with this browser's cookie.
    [cookie] = page.context.cookies()
    for method in ("GET", "HEAD"):
        connection = HTTPConnection("localhost", urlsplit(site.url).port or 80, timeout=20)
        connection.request(method, urlsplit(link).path, headers={"Cookie": f"signed={cookie['value']}"})
        answer = connection.getresponse()
        assert (answer.status, b"data-submits-itself" in answer.read()) == (200, method == "GET")
        connection.close()
    assert states_of(email, site) == ["pending"]

    page.goto(link)
    expect_at(page, f"{PETITION}thanks/")
    assert states_of(email, site) == ["confirmed"]
    assert [cookie["name"] for cookie in page.context.cookies()] == ["confirmed"]
    assert (visitors.requests_elsewhere, visitors.errors) == ([], [])


@only_with_scripts
def test_a_page_that_is_only_prerendered_does_not_confirm_before_somebody_looks_at_it(
    site: Site, visitors: Visitors
) -> None:
    """Playwright keeps Chromium from prerendering, so the page is told that it is, by the browser's own names."""
    email = "urpi@example.org"
    page = visitors.arrive()
    page.goto(PETITION)
    sign(page, name="Urpi Example", email=email, visibility="delivered")
    link = confirmation_link(site.wait_for_letter(email), site)

    page.add_init_script("Object.defineProperty(document, 'prerendering', {value: true, configurable: true})")
    page.goto(link, wait_until="networkidle")
    expect(page.locator("form[data-submits-itself]")).to_have_count(1)
    assert states_of(email, site) == ["pending"]

    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    expect_at(page, f"{PETITION}thanks/")
    assert states_of(email, site) == ["confirmed"]


def test_the_code_confirms_and_the_name_is_shown_by_a_choice_made_afterwards(
    site: Site, visitors: Visitors, javascript: bool
) -> None:
    name, email = f"Sami Huamán {javascript}", f"sami.{javascript}@example.org".lower()
    page = visitors.arrive()
    page.goto(PETITION)
    sign(page, name=name, email=email, visibility="delivered")
    code = code_in(site.wait_for_letter(email))

    field, confirm = page.locator("[name=code]"), page.locator("form:has([name=code]) [type=submit]")
    field.fill(f"{(int(code) + 1) % 10**6:06d}")
    confirm.click()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert states_of(email, site) == ["pending"]

    field.fill(f"{code[:3]} {code[3:]}")
    confirm.click()
    expect_at(page, f"{PETITION}thanks/")
    assert states_of(email, site) == ["confirmed"]

    anybody = visitors.arrive()
    anybody.goto(PETITION)
    expect(anybody.locator("main")).not_to_contain_text(name)
    expect(page.locator("form.notice")).to_contain_text(name)
    page.locator("form.notice [type=submit]").click()
    expect(page.get_by_role("status")).to_be_visible()
    anybody.goto(PETITION)
    expect(anybody.locator(".names")).to_contain_text(name)
    assert visitors.requests_elsewhere == []
    assert [error for error in visitors.errors if "status of 422" not in error] == []


def test_signers_see_change_download_withdraw_and_erase_their_signature(
    site: Site, visitors: Visitors, javascript: bool
) -> None:
    name, email = f"Inti Huamán {javascript}", f"inti.{javascript}@example.org".lower()
    page = visitors.arrive()
    page.goto(PETITION)
    before = shown_count(page)
    sign(page, name=name, email=email, visibility="delivered")
    page.locator("[name=code]").fill(code_in(site.wait_for_letter(email)))
    page.locator("form:has([name=code]) [type=submit]").click()
    expect_at(page, f"{PETITION}thanks/")

    # Later, on another device: by the address alone.
    phone = visitors.arrive()
    phone.goto(PETITION)
    phone.locator(".act a[href$='/signature/']").click()
    phone.locator("[name=email]").fill(email)
    button(phone).click()
    expect_at(phone, f"{PETITION}signature/asked/")
    link = link_in(site.wait_for_letter(email, "El enlace a tu firma"), site, "signature")
    phone.goto(link)
    expect(phone.locator("code.line")).to_have_text(f"{name}, PE")

    with phone.expect_download() as download:
        phone.locator("a[href$='/data.json']").click()
    held = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert (held["signature"]["name"], held["signature"]["email"]) == (name, email)

    phone.locator("[name=visibility][value=secret]").check()
    phone.locator("form.sign [type=submit]").click()
    expect(phone.get_by_role("status")).to_be_visible()
    expect(phone.locator("code.line")).to_have_count(0)
    assert states_of(email, site) == []
    expect(phone.locator("main")).not_to_contain_text(name)
    assert petition_count(page) == before + 1

    phone.locator("a[href$='/withdraw/']").click()
    assert petition_count(page) == before + 1
    button(phone).click()
    expect(phone.get_by_role("status")).to_be_visible()
    assert petition_count(page) == before
    phone.locator("a[href$='/erase/']").click()
    button(phone).click()
    expect(phone.locator("h1")).to_have_text("Esta firma está borrada")
    phone.goto(link)
    expect(phone.locator("h1")).to_have_text("Esta firma está borrada")
    token = link.rstrip("/").rpartition("/")[2]
    assert [word for word in (name, email, token) if word in site.logged()] == []
    assert visitors.requests_elsewhere == []
    assert [error for error in visitors.errors if "status of 410" not in error] == []


def test_whoever_was_signed_up_by_others_says_so_and_hears_no_more(
    site: Site, visitors: Visitors, javascript: bool
) -> None:
    email = f"not.me.{javascript}@example.org".lower()
    somebody = visitors.arrive()
    somebody.goto(PETITION)
    sign(somebody, name="Somebody Example", email=email, visibility="delivered")
    owner = visitors.arrive()
    owner.goto(link_in(site.wait_for_letter(email), site, "not-me"))
    assert states_of(email, site) == ["pending"]

    owner.locator("[name=never_again]").check()
    button(owner).click()
    expect(owner.get_by_role("status")).to_be_visible()
    assert states_of(email, site) == []
    somebody.goto(PETITION)
    sign(somebody, name="Somebody Example", email=email, visibility="delivered")
    assert site.ask("SELECT state FROM signatures_letter ORDER BY id DESC LIMIT 1") == [("suppressed",)]
    assert (visitors.requests_elsewhere, visitors.errors) == ([], [])


@only_with_scripts
def test_another_site_does_not_learn_the_address_of_a_page_with_a_token(site: Site, visitors: Visitors) -> None:
    email = "quilla@example.org"
    page = visitors.arrive()
    page.goto(PETITION)
    sign(page, name="Quilla Example", email=email, visibility="delivered")
    link = confirmation_link(site.wait_for_letter(email), site)
    told: list[str] = []

    def elsewhere(route: Route) -> None:
        told.append(route.request.all_headers().get("referer", ""))
        route.fulfill(content_type="text/html", body="<!doctype html><title>Elsewhere</title>")

    def careless(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers=answer.headers | {"referrer-policy": "unsafe-url"})

    reader = visitors.arrive()
    reader.context.route("http://elsewhere.example.org/", elsewhere)
    for is_careless in (False, True):
        if is_careless:
            reader.context.route(link, careless)
        reader.goto(link)
        reader.evaluate("location.href = 'http://elsewhere.example.org/'")
        expect(reader).to_have_title("Elsewhere")
    assert told == ["", link]
