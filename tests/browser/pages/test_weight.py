"""What the campaign's page costs a visitor: bytes as they travel, and requests.

Static files are asked for as a browser does, and arrive as `collectstatic` has compressed them. The HTML is compressed
here, as a proxy in front of the site does it on the fly: brotli at quality 5, gzip at level 6. Headers are not counted.
"""

import gzip
from urllib.parse import urlsplit

import brotli
import pytest
from playwright.sync_api import Browser, Request

from tests.browser.pages import looks as pages
from tests.browser.pages.looks import Look
from tests.browser.pages.staging import LANGUAGES
from tests.browser.site import SLUG, Site

pytestmark = pytest.mark.xdist_group("pages")

FIRST_VIEW = 14_000  # bytes: what a server may send before it has heard from the browser again
WHOLE_PAGE = 45_000
REQUESTS = 6
COMPRESS = {"br": lambda text: brotli.compress(text, quality=5), "gzip": lambda text: gzip.compress(text, 6)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_petition_is_light(browser: Browser, site: Site, looks: list[Look], language: str) -> None:
    """With its progress, names, deliveries and updates on it, which `looks` has brought about."""
    asked: list[Request] = []
    context = browser.new_context(base_url=site.url, viewport={"width": 360, "height": 740})
    context.on("request", lambda request: asked.append(request))
    page = context.new_page()
    page.goto(f"/{language}/{SLUG}/", wait_until="networkidle")
    page.mouse.wheel(0, 100_000)
    page.wait_for_load_state("networkidle")
    # A browser without a head asks for no icon.
    icons = page.locator("link[rel~=icon]").evaluate_all("links => links.map(link => link.href)")
    context.close()
    kinds = {one.url: one.resource_type for one in asked} | dict.fromkeys(icons, "icon")
    assert len(icons) == 1
    assert {urlsplit(address).netloc for address in kinds} == {urlsplit(site.url).netloc}
    assert len(asked) + len(icons) <= REQUESTS, kinds

    for encoding in COMPRESS:
        weights = {address: weight(site, address, kind, encoding) for address, kind in kinds.items()}
        first = {address: weights[address] for address, kind in kinds.items() if kind in ("document", "stylesheet")}
        assert len(first) == 2, first
        assert sum(first.values()) <= FIRST_VIEW, (encoding, first)
        assert sum(weights.values()) <= WHOLE_PAGE, (encoding, weights)


def weight(site: Site, address: str, kind: str, encoding: str) -> int:
    status, headers, body = pages.request(site, urlsplit(address).path, headers={"Accept-Encoding": encoding})
    assert status == 200, address
    said = {name.lower(): value for name, value in headers}.get("content-encoding", "")
    if kind == "document":
        assert said == "", "the site compresses by itself now: count what it sends"
        return len(COMPRESS[encoding](body))
    if kind in ("stylesheet", "script"):
        assert said == encoding, address
    return len(body)
