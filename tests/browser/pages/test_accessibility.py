"""No page has a defect that axe-core finds: light and dark, on a phone and on a desk."""

from importlib.resources import files

import pytest
from playwright.sync_api import Page

from tests.browser.pages.looks import Look, show

pytestmark = [pytest.mark.first, pytest.mark.xdist_group("pages")]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# Of dark colours no other rule can say anything that it has not said of light ones.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
VIEWS = (("light", 360, {}), ("light", 1280, {}), ("dark", 360, COLOURS), ("dark", 1280, COLOURS))
# By the debugger's door, which the CSP does not close, so that the page is looked at as it is sent.
FIND = """
async (only) => (await axe.run(document, {resultTypes: ["violations"], ...only})).violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 150)} ${node.failureSummary}`))
"""


def test_axe_finds_nothing_on_any_page(page: Page, looks: list[Look]) -> None:
    found: dict[str, list[str]] = {}
    for look in looks:
        show(look, page)
        page.evaluate(AXE)
        # The same page in another language has the same elements, and other words.
        for scheme, width, only in VIEWS if look.language == "es" else VIEWS[:1]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            if violations := page.evaluate(FIND, only):
                found[f"{look} {scheme} {width}"] = violations
    assert found == {}


def test_axe_would_find_something(page: Page, looks: list[Look]) -> None:
    """The finder itself, on a page that was spoilt."""
    show(looks[0], page)
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate(AXE)
    assert any(violation.startswith("html-has-lang") for violation in page.evaluate(FIND, {}))
