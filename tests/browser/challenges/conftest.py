"""A browser for which Google is on this machine, and a site with Google's keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.browser.journeys.conftest import Visitors
from tests.browser.site import Site, running_site
from tests.google import Google, google_here

HOSTS = ("www.google.com", "www.gstatic.com")


@pytest.fixture(scope="package")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    with google_here(tmp_path_factory.mktemp("google")) as google:
        yield google


@pytest.fixture(scope="package")
def browser(google: Google, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    rules = ",".join(f"MAP {host}:443 127.0.0.1:{google.port}" for host in HOSTS)
    flags = (f"--host-resolver-rules={rules}", "--ignore-certificate-errors")
    with chromium.running(tmp_path_factory.mktemp("chromium") / "install.log", *flags) as browser:
        yield browser


@pytest.fixture(scope="module", params=["2", "3"], ids=["version 2", "version 3"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def site(browser: Browser, google: Google, version: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    logs: Path = tmp_path_factory.mktemp("site")
    changes = {
        "DJANGO_SETTINGS_MODULE": "tests.browser.challenges.settings",
        "RECAPTCHA_PUBLIC_KEY": "public-key",
        "RECAPTCHA_PRIVATE_KEY": "private-key",
        "RECAPTCHA_VERSION": version,
        "VERIFIER": google.host,
    }
    with running_site(logs, **changes) as site:
        yield site


@pytest.fixture
def visitors(browser: Browser, site: Site) -> Iterator[Visitors]:
    visitors = Visitors(browser, site, javascript=True)
    yield visitors
    visitors.leave()
