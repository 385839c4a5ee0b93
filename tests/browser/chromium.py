"""A real Chromium: the one of the machine, else Playwright's own, else Debian's package."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from tests.missing import give_up

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
# It speaks to our site only. Playwright itself adds --no-sandbox: root has no sandbox, and neither have containers.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def running(log: Path, *flags: str) -> Iterator[Browser]:
    """For as long as the block lasts. Meanwhile Django refuses its database to every test of the process."""
    with sync_playwright() as playwright:
        browser = launch(playwright, log, *flags)
        if browser is None:
            give_up("no Chromium or Chrome here, and neither Playwright nor apt-get could bring one")
        yield browser
        browser.close()


def launch(playwright: Playwright, log: Path, *flags: str) -> Browser | None:
    """A running browser, None where none can be had. A program counts as there when it starts."""
    for program in programs(Path(playwright.chromium.executable_path), log):
        with suppress(Error):
            return playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags], timeout=60_000)
    return None


def programs(own: Path, log: Path) -> Iterator[Path]:
    """Each is asked for after the one before has failed, so nothing is installed where there is one that runs."""
    yield from installed()
    if not own.exists():
        attempt([sys.executable, "-m", "playwright", "install", "chromium"], log, seconds=180)
    if own.exists():
        yield own
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempt(["apt-get", "update"], log, seconds=60)
        attempt(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"], log, seconds=180)
        yield from installed()


def installed() -> list[Path]:
    return [Path(path) for name in NAMES if (path := shutil.which(name))]


def attempt(command: Sequence[str], log: Path, *, seconds: float) -> None:
    """Run a command that may fail, for so long at most, and leave none of its children behind."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
