"""On a new Debian, the commands of docs/deploy.md bring up a site that passes the browser test of the main job.

`make debian` runs this folder, as root and where debootstrap is; it takes some minutes.
"""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journeys.steps import expect_at
from tests.browser.journeys.test_main_job import (
    test_a_supporter_is_counted_once_confirmed_and_staff_export_the_signature as test_a_supporter_is_counted,
)
from tests.browser.journeys.test_main_job import (
    test_somebody_counted_only_is_counted_and_in_no_list as test_somebody_counted_only_is_in_no_list,
)
from tests.debian.conftest import Debian
from tests.site.test_second_factor import app_code

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("debian")]
__all__ = ["test_a_supporter_is_counted", "test_somebody_counted_only_is_in_no_list"]

NAME, PASSWORD = "ana", "of-the-trial-only"


def test_the_first_of_staff_gets_in_with_a_second_factor(debian: Debian, browser: Browser) -> None:
    debian.machine.type_into("petition createsuperuser", [NAME, "ana@example.org", PASSWORD, PASSWORD])
    page = browser.new_context(base_url=debian.url, locale="es-PE").new_page()
    page.goto("/admin/")
    page.locator("[name=username]").fill(NAME)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.locator("[name=code]").fill(app_code(page.locator("[data-secret]").inner_text()))
    page.locator("[name=code]").press("Enter")
    expect(page.locator("#content ol code")).to_have_count(10)
    page.locator("#content a.button").click()

    expect_at(page, "/admin/")
    expect(page.locator("a[href$='/auth/user/']").first).to_be_visible()
    page.context.close()
