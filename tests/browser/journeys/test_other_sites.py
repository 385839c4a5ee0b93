"""In a browser: no page of another site signs for anybody, and none learns an address with a token.

And the posts of our own pages get through, whether a browser sends `Sec-Fetch-Site`, an `Origin` alone or neither.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.journeys.conftest import Visitors
from tests.browser.journeys.elsewhere import Elsewhere, running_elsewhere
from tests.browser.journeys.steps import PETITION, button, confirmation_link, expect_at, sign, states_of
from tests.browser.site import Site
from tests.promises.visitor import Visitor

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("journeys")]


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with running_elsewhere() as elsewhere:
        yield elsewhere


@pytest.fixture
def javascript() -> bool:
    return True  # what means harm has scripts


def consent_of(site: Site) -> str:
    [consent] = set(re.findall(r'name="consent_id" value="(\d+)"', Visitor(site.url).get(PETITION).text))
    return str(consent)


def fields(site: Site, email: str) -> dict[str, str]:
    given = {"name": "Ana Example", "email": email, "country": "PE", "visibility": "delivered", "consent": "on"}
    return given | {"consent_id": consent_of(site)}


def lead_away(page: Page, elsewhere: Elsewhere) -> None:
    """Whatever a page might ask another site for: a link, a form, a picture, a script, a request, a beacon."""
    page.evaluate(
        """async (site) => {
            for (const [tag, name, rest] of [
                ["img", "src", {}], ["script", "src", {}], ["iframe", "src", {}], ["object", "data", {}],
                ["link", "href", {rel: "stylesheet"}], ["link", "href", {rel: "prefetch"}], ["video", "src", {}],
            ]) {
                const element = Object.assign(document.createElement(tag), rest);
                element[name] = `${site}/embedded-${tag}`;
                document.body.append(element);
            }
            await fetch(`${site}/fetched`, {mode: "no-cors"}).catch(() => {});
            try { navigator.sendBeacon(`${site}/beacon`); } catch { /* refused */ }
            const link = Object.assign(document.createElement("a"), {href: `${site}/leads-on`, id: "away"});
            link.textContent = "away";
            document.querySelector("main").prepend(link);
        }""",
        elsewhere.url,
    )
    page.locator("#away").click()
    page.wait_for_url(f"{elsewhere.url}/arrived")


def test_no_other_site_learns_an_address_with_a_token(site: Site, visitors: Visitors, elsewhere: Elsewhere) -> None:
    email = "otto.elsewhere@example.org"
    page = visitors.arrive()
    page.goto(PETITION)
    sign(page, name="Otto Example", email=email, visibility="delivered")
    handle = page.url
    link = confirmation_link(site.wait_for_letter(email), site)

    lead_away(page, elsewhere)
    phone = visitors.arrive()  # where the page of the link does not press its button by itself
    phone.goto(link)
    lead_away(phone, elsewhere)

    assert elsewhere.paths() == ["/leads-on", "/arrived"] * 2
    for _path, headers in elsewhere.seen:
        assert "Referer" not in headers
        assert not {token for token in re.findall(r"/([^/]{40,})/", handle + link) if token in str(headers)}
    assert states_of(email, site) == ["pending"]


def test_a_browser_would_tell_without_our_policy(visitors: Visitors, elsewhere: Elsewhere) -> None:
    """Otherwise the silence above would prove nothing."""
    elsewhere.pages["/page-with-a-token"] = "<meta name=referrer content=unsafe-url><a id=away href=/arrived>away</a>"
    page = visitors.arrive()
    page.goto(f"{elsewhere.url}/page-with-a-token")
    page.locator("#away").click()
    page.wait_for_url(f"{elsewhere.url}/arrived")

    assert elsewhere.seen[-1][1]["Referer"] == f"{elsewhere.url}/page-with-a-token"


def test_no_page_of_another_site_signs(site: Site, visitors: Visitors, elsewhere: Elsewhere) -> None:
    emails = [f"forged.{how}@example.org" for how in ("form", "sandbox", "fetch")]
    inputs = {
        email: "".join(f'<input name="{name}" value="{value}">' for name, value in fields(site, email).items())
        for email in emails
    }
    form = f'<form method=post action="{site.url}{PETITION}sign/" id=%s>%s<button>Win</button></form>'
    elsewhere.pages["/form"] = form % ("trap", inputs[emails[0]])
    sandboxed = (form % ("trap", inputs[emails[1]])).replace('"', "&quot;")
    elsewhere.pages["/sandbox"] = f'<iframe sandbox="allow-forms allow-scripts" srcdoc="{sandboxed}"></iframe>'
    page = visitors.arrive()

    page.goto(f"{elsewhere.url}/form")
    page.locator("button").click()
    expect(page.locator("h1")).to_have_text("No aceptado")

    page.goto(f"{elsewhere.url}/sandbox")
    with page.expect_response(f"{site.url}{PETITION}sign/") as refused:
        page.frame_locator("iframe").locator("button").click()
    assert refused.value.status == 403

    with page.expect_request(f"{site.url}{PETITION}sign/") as sent:
        page.evaluate(
            """([address, body]) => fetch(address, {
                method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams(body),
            }).catch(() => {})""",
            [f"{site.url}{PETITION}sign/", fields(site, emails[2])],
        )
    assert sent.value.method == "POST"
    for email in emails:
        assert states_of(email, site) == []


def test_no_page_of_another_site_frames_or_holds_ours(site: Site, visitors: Visitors, elsewhere: Elsewhere) -> None:
    elsewhere.pages["/frame"] = (
        f'<iframe src="{site.url}{PETITION}"></iframe><img src="{site.url}{PETITION}preview.png">'
    )
    page = visitors.arrive()
    page.goto(f"{elsewhere.url}/frame", wait_until="load")

    assert "Perú" not in page.frames[1].locator("body").inner_text()
    assert page.locator("img").evaluate("image => image.naturalWidth") == 1200  # it is for everybody
    with page.expect_popup() as popup:
        page.evaluate("address => { window.held = window.open(address); }", f"{site.url}{PETITION}")
    popup.value.wait_for_load_state()
    expect(popup.value.locator("h1")).to_contain_text("Perú")
    assert page.evaluate("window.held.closed")


@pytest.mark.parametrize("sent", ["Sec-Fetch-Site", "Origin", "neither"])
def test_a_post_of_our_own_page_gets_through_in_every_browser(site: Site, visitors: Visitors, sent: str) -> None:
    """Chromium sends both; Safari before 16.4 and Firefox before 90 an Origin alone; some old ones neither."""
    email = f"own.{sent}@example.org".lower()
    if sent == "Sec-Fetch-Site":
        page = visitors.arrive()
        page.goto(PETITION)
        sign(page, name="Own Example", email=email, visibility="delivered")
        page.goto(confirmation_link(site.wait_for_letter(email), site))
        with page.expect_request(lambda request: request.method == "POST") as posted:
            button(page).click()
        expect_at(page, f"{PETITION}thanks/")
        assert posted.value.all_headers()["sec-fetch-site"] == "same-origin"
        assert posted.value.all_headers()["origin"] == site.url
        return
    visitor = Visitor(site.url)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "&".join(f"{name}={value}" for name, value in fields(site, email).items())
    if sent == "Origin":
        refused = visitor.ask("POST", f"{PETITION}sign/", body, form | {"Origin": "http://127.0.0.1"})
        assert refused.status == 403
        form["Origin"] = site.url
    assert visitor.ask("POST", f"{PETITION}sign/", body, form).status == 303
    assert states_of(email, site) == ["pending"]
