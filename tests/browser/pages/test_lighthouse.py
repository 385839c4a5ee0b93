"""Lighthouse finds nothing to better on a phone in accessibility, best practices and search. Speed is for the
benchmark: on a machine that runs tests it would say little."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.pages.looks import Look
from tests.browser.pages.staging import LANGUAGES
from tests.browser.pages.tools import need
from tests.browser.site import SLUG, Site

pytestmark = pytest.mark.xdist_group("pages")

CATEGORIES = ("accessibility", "best-practices", "seo")


@pytest.mark.skipif(not os.environ.get("CI"), reason="Lighthouse takes half a minute: CI alone runs it")
@pytest.mark.parametrize("language", LANGUAGES)
def test_lighthouse_gives_the_petition_100(
    browser: Browser, site: Site, looks: list[Look], language: str, tmp_path: Path
) -> None:
    found = lighthouse(browser, site, language, CATEGORIES, tmp_path)
    assert scores(found) == dict.fromkeys(CATEGORIES, 100), [
        (audit["id"], audit.get("displayValue"))
        for audit in found["audits"].values()
        if audit["score"] is not None and audit["score"] < 1
    ]


@pytest.mark.bench
@pytest.mark.parametrize("language", LANGUAGES)
def test_lighthouse_finds_the_petition_fast(
    browser: Browser, site: Site, looks: list[Look], language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run by `make bench`, on a machine that does nothing else: the median of five, on Lighthouse's slow phone."""
    found = [
        scores(lighthouse(browser, site, language, ("performance",), tmp_path))["performance"] for _round in range(5)
    ]
    with capsys.disabled():
        print(f"\nLighthouse, mobile, performance, {language}: median {median(found):g} of {sorted(found)}")
    assert median(found) >= 98


def lighthouse(browser: Browser, site: Site, language: str, categories: Sequence[str], folder: Path) -> dict[str, Any]:
    """Lighthouse's report on the petition's page."""
    script = need("lighthouse", "12.8.2", "cli/index.js", "node")
    report = folder / "report.json"
    command = [
        "node",
        str(script),
        f"{site.url}/{language}/{SLUG}/",
        f"--only-categories={','.join(categories)}",
        "--output=json",
        f"--output-path={report}",
        "--quiet",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking",
    ]
    env = {**os.environ, "CHROME_PATH": executable(browser), "CI": "1"}
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=150, cwd=folder)
    return json.loads(report.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def scores(report: dict[str, Any]) -> dict[str, float]:
    """Of 100, by category."""
    return {name: category["score"] * 100 for name, category in report["categories"].items()}


def executable(browser: Browser) -> str:
    """The program that the browser of these tests runs."""
    session = browser.new_browser_cdp_session()
    info = session.send("SystemInfo.getInfo")
    session.detach()
    return str(info["commandLine"]).partition(" --")[0]
