"""Whoever has only a keyboard signs, confirms and shares, and sees at each step where they are."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.site import SLUG, Site

pytestmark = pytest.mark.xdist_group("pages")

PETITION = f"/es/{SLUG}/"
STEPS = 120  # of Tab, at the most, to what is looked for

# What is wrong with the element that has the focus, as eyes would say it; and how to recognise it.
FOCUS = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return {name: "", wrong: []};
  const style = getComputedStyle(element), box = element.getBoundingClientRect(), wrong = [];
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) wrong.push("no outline");
  if (box.bottom > innerHeight + 1 && box.height < innerHeight || box.right > innerWidth + 1 || box.left < -1)
    wrong.push("out of sight");
  const bar = document.querySelector(".bar");
  if (bar && !bar.contains(element) && getComputedStyle(bar).display !== "none") {
    const edge = bar.getBoundingClientRect();
    if (box.top < edge.bottom - 1 && box.bottom > edge.top + 1) wrong.push("below the bar");
  }
  const name = element.outerHTML.slice(0, 110);
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2);
  if (!middle || !(element.contains(middle) || middle.contains(element))) wrong.push("covered");
  return {name, wrong};
}
"""


def test_the_keyboard_alone_signs_confirms_and_shares(page: Page, site: Site) -> None:
    elsewhere: list[str] = []

    def answer(route: Route) -> None:
        elsewhere.append(route.request.url)
        route.fulfill(content_type="text/html", body="<!doctype html><title>Elsewhere</title>")

    page.context.route(lambda address: urlsplit(address).netloc != urlsplit(site.url).netloc, answer)
    page.goto(PETITION)

    tab_to(page, ".skip")
    tab_to(page, "[name=visibility]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=visibility][value=secret]")).to_be_checked()
    page.keyboard.press("ArrowUp")  # whoever is counted only is asked for no name
    expect(page.locator("[name=visibility][value=delivered]")).to_be_checked()
    tab_to(page, "[name=name]")
    page.keyboard.type("Rosa Ñahui")
    tab_to(page, "[name=email]")
    page.keyboard.type("rosa.keyboard@example.org")
    tab_to(page, "[name=country]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=country]")).to_have_value("PE")
    tab_to(page, "[name=consent]")
    page.keyboard.press("Space")
    tab_to(page, "form.sign [type=submit]")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{PETITION}check-email/"))

    letter = site.wait_for_letter("rosa.keyboard@example.org").get_body(("plain",))
    assert letter is not None
    [link] = re.findall(r"http\S+/es/confirm/\S+", letter.get_content())
    page.context.clear_cookies()  # as on another device, where the button must be pressed
    page.goto(link)
    tab_to(page, "main form [type=submit]")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{PETITION}thanks/"))

    channels = {"wa.me": 0, "t.me": 1, "www.facebook.com": 2, "x.com": 3}
    for host, number in channels.items():
        page.goto(f"{PETITION}thanks/")
        if number:
            tab_to(page, ".share summary")
            page.keyboard.press("Enter")
        tab_to(page, f".share a[href^='https://{host}/']")
        page.keyboard.press("Enter")
        expect(page).to_have_title("Elsewhere")
    assert [urlsplit(address).netloc for address in elsewhere] == list(channels)


@pytest.mark.parametrize("size", [100, 200])
@pytest.mark.parametrize("path", [PETITION, f"{PETITION}thanks/", f"{PETITION}privacy/"])
def test_the_focus_is_seen_all_the_way_down_and_up_again(page: Page, path: str, size: int) -> None:
    page.goto(path)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.evaluate(f"document.documentElement.style.fontSize = '{size}%'")
    wrong: list[str] = []
    steps = walk(page, "Tab", lambda name: False, wrong)
    walk(page, "Shift+Tab", lambda name: False, wrong)
    assert steps > 3
    assert wrong == []


def tab_to(page: Page, selector: str) -> None:
    """Go on until the element has the focus; each one on the way must show that it has it."""
    wrong: list[str] = []
    walk(page, "Tab", lambda name: page.locator(f"{selector}:focus").count() > 0, wrong)
    assert page.locator(f"{selector}:focus").count() == 1, f"{selector} is not reached"
    assert wrong == []


def walk(page: Page, key: str, is_there: Callable[[str], bool], wrong: list[str]) -> int:
    """Press a key until it is there or the page's end; how many elements had the focus."""
    for step in range(STEPS):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if not focus["name"]:
            return step
        wrong.extend(f"{key}: {problem}: {focus['name']}" for problem in focus["wrong"])
        if is_there(focus["name"]):
            return step
    return STEPS
