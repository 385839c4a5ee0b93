"""What a browser test needs: a running site, a Chromium, and visitors who note what their pages ask for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
)

from tests.browser import chromium
from tests.browser.site import Site, running_site


class Visitors:
    """People in front of the site, each in a browser of their own, in Spanish."""

    def __init__(self, browser: Browser, site: Site, *, javascript: bool) -> None:
        self.browser, self.site, self.javascript = browser, site, javascript
        self.contexts: list[BrowserContext] = []
        self.requests_elsewhere: list[str] = []
        self.errors: list[str] = []  # of the console, where violations of the CSP appear, and of scripts

    def arrive(self) -> Page:
        context = self.browser.new_context(
            base_url=self.site.url, java_script_enabled=self.javascript, locale="es-PE", timezone_id="America/Lima"
        )
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        context.on("request", self.note_request)
        context.on("console", self.note_message)
        context.on("weberror", self.note_error)
        return context.new_page()

    def leave(self) -> None:
        for context in self.contexts:
            context.close()

    def note_request(self, request: Request) -> None:
        if not request.url.startswith(self.site.url + "/"):
            self.requests_elsewhere.append(request.url)

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.text} {message.location['url']}")

    def note_error(self, error: WebError) -> None:
        self.errors.append(str(error.error))


# Neither is there longer than for this folder, which the marks of its modules keep in one worker: another site may wait
# for the room of this one, and while Playwright runs, Django refuses its database to every test of this process.


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium.running(tmp_path_factory.mktemp("chromium") / "install.log") as browser:
        yield browser


@pytest.fixture(scope="package")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The browser comes first: without one there is no need of a site."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def visitors(browser: Browser, site: Site, javascript: bool) -> Iterator[Visitors]:
    visitors = Visitors(browser, site, javascript=javascript)
    yield visitors
    visitors.leave()
