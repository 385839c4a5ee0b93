"""With scripts off nothing is missing: sharing, and the switch of languages, which stays on the page. The main job has
a test of its own."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages.looks import Look
from tests.browser.site import SLUG, Site

pytestmark = pytest.mark.xdist_group("pages")

PAGES = ("open", "check-email", "thanks", "privacy", "ask", "own", "not-me")


@pytest.fixture
def plain(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(
        base_url=site.url, viewport={"width": 360, "height": 740}, locale="es-PE", java_script_enabled=False
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_switch_of_languages_stays_on_the_page(plain: Page, looks: list[Look], name: str) -> None:
    [address] = [look.address for look in looks if str(look) == f"{name}-es"]
    path = urlsplit(address).path.removeprefix("/es/")
    plain.goto(address)
    for language in ("en", "es"):
        plain.locator(f".languages a[hreflang={language}]").click()
        assert urlsplit(plain.url).path == f"/{language}/{path}"
        expect(plain.locator("html")).to_have_attribute("lang", language)
    assert plain.context.cookies() == []


@pytest.mark.parametrize("path", ["accessibility/", ""])
def test_pages_of_no_campaign_have_the_switch_too(plain: Page, looks: list[Look], path: str) -> None:
    plain.goto(f"/es/{path}")
    plain.locator(".languages a[hreflang=en]").click()
    assert urlsplit(plain.url).path == f"/en/{path}"


@pytest.mark.parametrize("path", ["", "thanks/"])
def test_each_channel_is_a_link_that_carries_only_its_name(plain: Page, looks: list[Look], path: str) -> None:
    plain.goto(f"/es/{SLUG}/{path}")
    share = plain.locator(".share")
    expect(share.locator("a:visible")).to_have_count(1)
    share.locator("summary").click()
    links = share.locator("a:visible")
    addresses = [str(link.get_attribute("href")) for link in links.all()]
    hosts = ["wa.me", "t.me", "www.facebook.com", "x.com", ""]
    assert [urlsplit(address).netloc for address in addresses] == hosts
    for address, channel in zip(addresses, ("whatsapp", "telegram", "facebook", "x", "email"), strict=True):
        assert f"es%2F{SLUG}%2F%3Fvia%3D{channel}" in address
    # What needs a script is not there without one.
    expect(share.locator("button:visible")).to_have_count(0)
    expect(plain.locator("[id$=_suggestion]:visible")).to_have_count(0)
