"""What the pictures of the guides for staff show, in the order in which they are taken: of whom, where, after what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.guides.words import CROWD, HALF_WAY, NEWCOMER, OLD_CROWD

ADMIN = "/admin/"
LISTS = f"{ADMIN}signatures/"
WIDE, PHONE = 1280, 360
Places = Mapping[str, int]  # the numbers of rows, as staging gives them


def stay(page: Page, places: Places) -> None:
    pass


@dataclass(frozen=True)
class Shot:
    """`who` opens `address`, or stays where the one before was, and does something; then the picture is taken."""

    name: str
    who: str = ""
    address: str = ""
    do: Callable[[Page, Places], None] = stay
    height: int = 720  # at most
    width: int = WIDE
    part: str = ""  # of the page, from here on down


def choose(page: Page, action: str, *rows: int) -> None:
    """Ticks rows of a list and says what to do with them."""
    for row in rows:
        page.locator("#result_list tbody .action-select").nth(row).check()
    page.locator("select[name=action]").select_option(action)


def press_go(page: Page) -> None:
    page.locator("button[name=index]").click()


def search(page: Page, places: Places) -> None:
    page.locator("#searchbar").fill("perez juan")
    page.locator("#changelist-search input[type=submit]").click()


def release(page: Page, places: Places) -> None:
    choose(page, "release", 1, 2)
    press_go(page)


def tick_two(page: Page, places: Places) -> None:
    choose(page, "release", 1, 2)


def act_on_all(page: Page, places: Places) -> None:
    page.goto(f"{LISTS}signature/?q=@{OLD_CROWD}&state=confirmed")
    page.locator(".object-tools a[href*='bulk/']").click()
    page.locator("select[name=action]").select_option("reject")
    page.locator("select[name=reason]").select_option("made_up")


def press(page: Page, places: Places) -> None:
    page.locator("#content form .submit-row [type=submit].default").click()


def start_job(page: Page, places: Places) -> None:
    page.locator("button[value=begin]").click()
    page.locator("button[value=undo]").wait_for(timeout=60_000)  # the page looks again by itself


def try_rule(page: Page, places: Places) -> None:
    page.locator("#id_kind").select_option("domain")
    page.locator("#id_what").fill(CROWD)
    page.locator("#id_action").select_option("hold")
    page.locator("#id_note").fill("burst")
    page.locator("[name=_try]").click()


def erase(page: Page, places: Places) -> None:
    page.locator("button[value=erase]").click()


def pause(page: Page, places: Places) -> None:
    page.locator("form.press button").click()


def export_names(page: Page, places: Places) -> None:
    page.locator("#id_campaign").select_option(index=1)
    page.locator("#id_preset").select_option("addressee")


def look_at_delivery(page: Page, places: Places) -> None:
    page.goto(f"{LISTS}delivery/add/?campaign={places['campaign']}")
    page.locator("button[value=preview]").click()


def of_approved(page: Page, places: Places) -> None:
    page.goto(f"{LISTS}delivery/{places['approved']}/change/")


def of_handed_over(page: Page, places: Places) -> None:
    page.goto(f"{LISTS}delivery/{places['handed over']}/change/")


def of_signature(page: Page, places: Places) -> None:
    page.goto(f"{LISTS}signature/{places['signature']}/change/")


def of_request(page: Page, places: Places) -> None:
    page.goto(f"{LISTS}privacyrequest/{places['request']}/change/")


def of_campaign(page: Page, places: Places) -> None:
    page.goto(f"{ADMIN}campaigns/campaign/{places['campaign']}/change/")


def of_words(page: Page, places: Places) -> None:
    page.goto(f"{ADMIN}campaigns/campaigntext/{places['translation']}/change/")


def of_publishing(page: Page, places: Places) -> None:
    page.goto(f"{ADMIN}campaigns/campaigntext/{places['source']}/publish/")


SHOTS = (
    Shot("login", "nobody", f"{ADMIN}login/", height=420),
    Shot("set-up", NEWCOMER, f"{ADMIN}second-factor/set-up/", height=900),
    Shot("code", HALF_WAY, f"{ADMIN}second-factor/", height=420),
    Shot("start", "marta", ADMIN, height=900),
    Shot("start-parts", "marta", ADMIN, part=".parts", height=900),
    Shot("start-phone", "marta", ADMIN, width=PHONE, height=900),
    Shot("queue", "marta", f"{LISTS}queuedsignature/", tick_two, height=640),
    Shot("release", "marta", f"{LISTS}queuedsignature/", release, height=900),
    Shot("signature", "marta", do=of_signature, height=1500),
    Shot("search", "marta", f"{LISTS}signature/", search, height=560),
    # Before the job below rejects many who were handed over.
    Shot("delivery", "lucía", do=look_at_delivery, height=1100),
    Shot("delivery-ready", "inés", do=of_approved, height=1080),
    Shot("delivery-handed", "inés", do=of_handed_over, part=".module:has(form[action*='/pack/'])", height=720),
    Shot("bulk", "marta", do=act_on_all, height=700),
    Shot("job", do=press, height=800),
    Shot("job-done", do=start_job, height=1000),
    Shot("rule", "marta", f"{LISTS}rule/add/", try_rule, height=900),
    Shot("clusters", "marta", f"{LISTS}cluster/", height=400),
    Shot("request", "inés", do=of_request, height=1100),
    Shot("erase", do=erase, height=640),
    Shot("letters", "marta", f"{LISTS}letter/?state__exact=failed", height=420),
    Shot("suppressed", "inés", f"{LISTS}suppression/", height=420),
    Shot("export", "lucía", f"{LISTS}signature/export/", export_names, height=900),
    Shot("approve", "inés", f"{LISTS}signature/export/", height=420),
    Shot("campaign", "edgar", do=of_campaign, height=900),
    Shot("words", "edgar", do=of_words, height=900),
    Shot("publish", "edgar", do=of_publishing, height=800),
    Shot("accounts", "inés", f"{ADMIN}auth/user/", height=480),
    Shot("pause", "marta", ADMIN, pause, height=520),
)
