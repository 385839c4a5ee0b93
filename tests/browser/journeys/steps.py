"""What visitors and staff do in a browser, step by step, and what the site's letters and database say meanwhile."""

import csv
import re
from email.message import EmailMessage

from playwright.sync_api import Locator, Page, expect

from tests.browser.site import SLUG, STAFF, Site

PETITION = f"/es/{SLUG}/"
TITLE = "Apoya a las víctimas de la represión en Perú"
PURPOSE = "Hand-over to the Attorney General’s Office"


def expect_at(page: Page, path: str) -> None:
    """The page is there by now; at which spot of it does not matter."""
    expect(page).to_have_url(re.compile(rf"^https?://[^/]+{re.escape(path)}(#.*)?$"))


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


def send(page: Page, *, name: str, email: str, visibility: str) -> None:
    """Fill in the form on the page and send it."""
    page.locator("[name=name]").fill(name)
    page.locator(f"[name=visibility][value={visibility}]").check()
    page.locator("[name=email]").fill(email)
    page.locator("[name=country]").select_option("PE")
    page.locator("[name=consent]").check()
    page.locator("form.sign [type=submit]").click()


def sign(page: Page, *, name: str, email: str, visibility: str) -> None:
    """Sign by the form on the page and arrive at "check your email"."""
    send(page, name=name, email=email, visibility=visibility)
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/[^/]+/#main$"))
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
    return the_one(rf"{re.escape(site.url)}/es/confirm/[^\s\"<]+", text + html)


def code_in(letter: EmailMessage) -> str:
    return the_one(r"\b[0-9]{6}\b", words_of(letter))


def link_in(letter: EmailMessage, site: Site, to: str) -> str:
    """The one link to a kind of page."""
    return the_one(rf"{re.escape(site.url)}/es/{to}/\S+", words_of(letter))


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return body.get_content()


def the_one(pattern: str, text: str) -> str:
    [found] = set(re.findall(pattern, text))
    return str(found)


def button(page: Page) -> Locator:
    """Of a page that has one, and nothing else to press."""
    return page.locator("main form[method=post] [type=submit]")


def shown_count(page: Page) -> int:
    return int(page.locator("[data-count]").get_attribute("data-count") or "")


def petition_count(page: Page) -> int:
    """What the petition says to whoever opens it a moment from now: each process makes it once a second.

    With nginx before it, its copy is good for five seconds, and shown once more while a new one is made.
    """
    is_behind_nginx = page.url.startswith("https:")
    for wait in (6000, 1100) if is_behind_nginx else (1100,):  # milliseconds
        page.wait_for_timeout(wait)
        page.goto(PETITION)
    return shown_count(page)


def states_of(email: str, site: Site) -> list[str]:
    return [state for (state,) in site.ask("SELECT state FROM signatures_signature WHERE email = %s", email)]


def doubts_about(email: str, site: Site) -> list[tuple[str, bool]]:
    """What there is against an attempt to sign, and whether it is settled."""
    query = (
        "SELECT kind, settled_at IS NOT NULL FROM signatures_doubt AS doubt"
        " JOIN signatures_signature AS signature ON signature.id = doubt.signature_id WHERE email = %s ORDER BY kind"
    )
    return [(kind, is_settled) for kind, is_settled in site.ask(query, email)]


def log_in(page: Page, site: Site) -> None:
    page.goto("/admin/")
    page.locator("[name=username]").fill(STAFF)
    page.locator("[name=password]").fill(site.password)
    page.locator("[type=submit]").click()
    if site.codes:
        page.locator("[name=code]").fill(site.codes.pop())
        page.locator("[name=code]").press("Enter")
    expect_at(page, "/admin/")


def find_signatures(page: Page, words: str) -> list[str]:
    """The rows of the list that a search brings."""
    page.goto("/admin/")
    page.locator("#content").get_by_role("link").and_(page.locator("[href$='/signatures/signature/']")).first.click()
    page.locator("#searchbar").fill(words)
    page.locator("#searchbar").press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]q="))
    page.wait_for_load_state()
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
    text = download.value.path().read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))
