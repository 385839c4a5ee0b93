"""One site and one browser for all tests of this folder, and the pages as the site answers them."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.pages import looks as pages
from tests.browser.site import SLUG, Site, begin, running_site, settings

# The marks of the modules keep this folder in one worker, so that its site is there once and gone when it is left.


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium.running(tmp_path_factory.mktemp("chromium") / "install.log") as browser:
        yield browser


@pytest.fixture(scope="package")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="package")
def looks(site: Site) -> list[pages.Look]:
    """Every page in each of its languages."""
    staged = site.logs / "staged.json"
    env = settings(urlsplit(site.url).port or 80, site.database, site.redis, os.environ["EMAIL_URL"])
    script = ("-m", "tests.browser.pages.staging", SLUG, str(staged))
    site.children.wait_for(begin(site.children, "staging", *script, logs=site.logs, env=env))
    return pages.fetch_all(site, staged)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A phone of 360 pixels, with its scripts on."""
    context = browser.new_context(base_url=site.url, viewport={"width": 360, "height": 740}, locale="es-PE")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
