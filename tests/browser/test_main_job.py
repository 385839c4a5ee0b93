"""The main job in a real browser: a supporter signs, confirms by email and is counted; staff export the signature."""

import csv
import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitors
from tests.browser.site import SLUG, STAFF, Site

# One worker runs them all, so that one site and one browser do.
pytestmark = pytest.mark.xdist_group("browser")

PETITION = f"/es/{SLUG}/"
TITLE = "Apoya a las víctimas de la represión en Perú"
PURPOSE = "Hand-over to the Attorney General’s Office"


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
    expect(confirm_button(phone)).to_be_visible()
    assert states_of(email, site) == ["pending"]
    assert petition_count(page) == before

    confirm_button(phone).click()
    expect_at(phone, f"{PETITION}thanks/")
    assert shown_count(phone) == before + 1
    assert petition_count(page) == before + 1
    assert states_of(email, site) == ["confirmed"]
    assert page.context.cookies() == phone.context.cookies() == []

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
    confirm_button(page).click()
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


def expect_at(page: Page, path: str) -> None:
    """The page is there by now; at which spot of it does not matter."""
    expect(page).to_have_url(re.compile(rf"^http://[^/]+{re.escape(path)}(#.*)?$"))


def read_petition(page: Page) -> None:
    page.goto(PETITION)
    expect(page).to_have_title(TITLE)
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("h1")).to_have_text(TITLE)
    words = page.locator("main")
    expect(words).to_contain_text("mataron a 49 personas")
    for place in ("Andahuaylas", "Ayacucho", "Juliaca"):
        expect(words).to_contain_text(place)
    # Nothing is decided for the visitor.
    expect(page.locator("form.sign :checked:not(option)")).to_have_count(0)


def sign(page: Page, *, name: str, email: str, visibility: str) -> None:
    """Fill in the form on the page and arrive at "check your email"."""
    page.locator(f"[name=visibility][value={visibility}]").check()
    page.locator("[name=name]").fill(name)
    page.locator("[name=email]").fill(email)
    page.locator("[name=country]").select_option("PE")
    page.locator("[name=consent]").check()
    page.locator("form.sign [type=submit]").click()
    expect_at(page, f"{PETITION}check-email/")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("h1")).to_be_visible()


def confirmation_link(letter: EmailMessage, site: Site) -> str:
    """The one link that confirms, out of a letter that says the same in text and HTML."""
    assert "Example Organisation" in letter["From"]
    parts = {part.get_content_type(): part.get_content() for part in letter.iter_parts()}
    assert list(parts) == ["text/plain", "text/html"]
    text, html = parts.values()
    assert TITLE in text
    assert TITLE in html
    assert '<html lang="es">' in html
    pattern = rf"{re.escape(site.url)}/es/confirm/[^\s\"<]+"
    link: str
    [link] = {*re.findall(pattern, text), *re.findall(pattern, html)}
    return link


def confirm_button(page: Page) -> Locator:
    return page.locator("main form[method=post] [type=submit]")


def shown_count(page: Page) -> int:
    return int(page.locator("[data-count]").get_attribute("data-count") or "")


def petition_count(page: Page) -> int:
    """What the petition says to whoever opens it now."""
    page.goto(PETITION)
    return shown_count(page)


def states_of(email: str, site: Site) -> list[str]:
    return [state for (state,) in site.ask("SELECT state FROM signatures_signature WHERE email = %s", email)]


def log_in(page: Page, site: Site) -> None:
    page.goto("/admin/")
    page.locator("[name=username]").fill(STAFF)
    page.locator("[name=password]").fill(site.password)
    page.locator("[type=submit]").click()
    expect_at(page, "/admin/")


def find_signatures(page: Page, words: str) -> list[str]:
    """The rows of the list that a search brings."""
    page.goto("/admin/")
    page.locator("#content").get_by_role("link").and_(page.locator("[href$='/signatures/signature/']")).first.click()
    page.locator("#searchbar").fill(words)
    page.locator("#searchbar").press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]q="))
    return page.locator("#result_list tbody tr").all_inner_texts()


def export_for_addressee(page: Page) -> list[dict[str, str]]:
    """What lands on the disk of staff who export from the list of signatures."""
    page.goto("/admin/signatures/signature/")
    page.locator("a[href$='/signature/export/']").click()
    page.locator("[name=campaign]").select_option(label=SLUG)
    page.locator("[name=preset]").select_option("addressee")
    page.locator("[name=purpose]").fill(PURPOSE)
    with page.expect_download() as download:
        page.locator("#content [type=submit]").click()
    assert download.value.suggested_filename.endswith(".csv")
    text = download.value.path().read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
