"""The main job in a real browser: a supporter signs, confirms by email and is counted; staff export the signature."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys.conftest import Visitors
from tests.browser.journeys.steps import (
    PETITION,
    PURPOSE,
    button,
    confirmation_link,
    expect_at,
    export_for_addressee,
    find_signatures,
    log_in,
    petition_count,
    read_petition,
    shown_count,
    sign,
    states_of,
)
from tests.browser.site import Site

pytestmark = pytest.mark.xdist_group("journeys")


def test_a_supporter_is_counted_once_confirmed_and_staff_export_the_signature(
    site: Site, visitors: Visitors, javascript: bool
) -> None:
    name, email = f"Rosa Ñahui {javascript}", f"rosa.{javascript}@example.org".lower()
    page = visitors.arrive()
    read_petition(page)
    before = shown_count(page)

    sign(page, name=name, email=email, visibility="delivered")
    link = confirmation_link(site.wait_for_letter(email), site)
    assert petition_count(page) == before

    # On another device, or by a scanner of mail: opening it confirms nothing, there or anywhere.
    phone = visitors.arrive()
    phone.goto(link)
    expect(button(phone)).to_be_visible()
    assert states_of(email, site) == ["pending"]
    assert petition_count(page) == before

    button(phone).click()
    expect_at(phone, f"{PETITION}thanks/")
    assert shown_count(phone) == before + 1
    assert petition_count(page) == before + 1
    assert states_of(email, site) == ["confirmed"]
    prefix = "__Host-" if site.url.startswith("https:") else ""
    assert [cookie["name"] for cookie in page.context.cookies()] == [f"{prefix}signed"]
    assert [cookie["name"] for cookie in phone.context.cookies()] == [f"{prefix}confirmed"]
    for cookie in page.context.cookies() + phone.context.cookies():
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")

    staff = visitors.arrive()
    log_in(staff, site)
    [row] = find_signatures(staff, name)
    assert name in row
    assert email in row
    rows = export_for_addressee(staff)
    assert [row["country"] for row in rows if row["name"] == name] == ["PE"]
    assert {tuple(row) for row in rows} == {("number", "name", "country")}
    assert not any("@" in row["name"] for row in rows)

    # Addresses, names and links that let their reader act are not for the logs.
    token = link.rstrip("/").rpartition("/")[2]
    assert [word for word in (name, email, token) if word in site.logged()] == []
    assert (visitors.requests_elsewhere, visitors.errors) == ([], [])


def test_somebody_counted_only_is_counted_and_in_no_list(site: Site, visitors: Visitors, javascript: bool) -> None:
    # A name is typed all the same, so that there is one that could come out.
    name, email = f"Wayra Huamán {javascript}", f"wayra.{javascript}@example.org".lower()
    page = visitors.arrive()
    page.goto(PETITION)
    before = shown_count(page)

    sign(page, name=name, email=email, visibility="secret")
    page.goto(confirmation_link(site.wait_for_letter(email), site))
    if not javascript:
        button(page).click()
    expect_at(page, f"{PETITION}thanks/")
    assert shown_count(page) == before + 1
    # Once confirmed, the address has done its work.
    assert states_of(email, site) == []

    staff = visitors.arrive()
    log_in(staff, site)
    assert find_signatures(staff, name) == find_signatures(staff, email) == []
    rows = export_for_addressee(staff)
    assert {name, ""}.isdisjoint(row["name"] for row in rows)
    # What is left of the signer there is a number in the account of the export.
    assert site.ask("SELECT rows, unnamed, purpose FROM signatures_exportrecord ORDER BY id DESC LIMIT 1") == [
        (len(rows), before + 1 - len(rows), PURPOSE)
    ]
    assert (visitors.requests_elsewhere, visitors.errors) == ([], [])


def test_a_form_sent_by_keyboard_with_gaps_comes_back_with_errors_and_what_was_typed(
    site: Site, visitors: Visitors
) -> None:
    page = visitors.arrive()
    page.goto(PETITION)
    page.locator("[name=name]").focus()
    page.keyboard.type("Rosa Ñahui")
    page.keyboard.press("Enter")

    expect_at(page, f"{PETITION}sign/")
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("Rosa Ñahui")
    expect(page.locator("[name=name]")).not_to_have_attribute("aria-invalid", "true")
    for field in ("email", "country", "consent"):
        expect(page.locator(f"[name={field}]")).to_have_attribute("aria-invalid", "true")

    # Each error leads to what is to be filled in.
    links = alert.get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == [
        "#sign-visibility",
        "#sign-email",
        "#sign-country",
        "#sign-consent",
    ]
    links.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=email]")).to_be_focused()
    assert site.ask("SELECT id FROM signatures_signature WHERE name = 'Rosa Ñahui'") == []
    assert visitors.requests_elsewhere == []
    # Chromium reports the answer's status; of the page itself there is no complaint.
    assert [error for error in visitors.errors if "status of 422" not in error] == []
