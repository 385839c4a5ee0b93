"""Nothing is cut off and nothing scrolls sideways, with text of twice the size and on the narrowest screen; and what
is to be hit can be hit."""

import pytest
from playwright.sync_api import Page

from tests.browser.pages.looks import Look, show

pytestmark = pytest.mark.xdist_group("pages")

# Width of the window in pixels, size of the text in per cent.
VIEWS = ((320, 100), (1280, 100), (360, 200), (1280, 200))

CUT_OFF = """
() => {
  const root = document.documentElement, found = [];
  const name = (element) => element.outerHTML.slice(0, 120).replace(/\\s+/g, " ");
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} of ${root.clientWidth} wide`);
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest(".skip, .trap") || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if (box.left < -1 || box.right > root.clientWidth + 1) found.push(`beyond the side: ${name(element)}`);
    const frame = element.matches("svg text") && element.closest("svg").getBoundingClientRect();
    if (frame && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
                  box.bottom > frame.bottom + 1)) found.push(`beyond its picture: ${name(element)}`);
    if (element instanceof SVGElement || element.matches("input, select, progress")) continue;
    const style = getComputedStyle(element);
    if ((style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1) ||
        (style.overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1) ||
        (style.display !== "inline" && style.overflowX === "visible" && element.scrollWidth > element.clientWidth + 1
         && element.matches("h1, h2, h3, p, li, dd, dt, label, legend, summary, .button, button")))
      found.push(`wider than its place: ${name(element)}`);
  }
  return found;
}
"""

# Buttons, fields, the labels of choices, and links that stand by themselves; not links within a sentence.
SMALL = """
() => [...document.querySelectorAll(
    "button, .button, summary, select, input:not([type=hidden], [type=radio], [type=checkbox]), .choice label, " +
    "nav a, header a, details li a")]
  .filter((element) => element.checkVisibility() && !element.closest(".trap"))
  .filter((element) => element.getBoundingClientRect().height < 43.9)
  .map((element) => `${element.getBoundingClientRect().height} px: ${element.outerHTML.slice(0, 120)}`)
"""


def test_nothing_is_cut_off_nothing_scrolls_sideways_and_targets_are_44_pixels_high(
    page: Page, looks: list[Look]
) -> None:
    found: dict[str, list[str]] = {}
    for look in looks:
        show(look, page)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        for width, size in VIEWS:
            page.set_viewport_size({"width": width, "height": 640})
            page.evaluate(f"document.documentElement.style.fontSize = '{size}%'")
            wrong = page.evaluate(CUT_OFF)
            if size == 100:
                wrong += page.evaluate(SMALL)
            if wrong:
                found[f"{look} {width} px {size} %"] = wrong
    assert found == {}
