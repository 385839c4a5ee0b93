"""Each page is valid HTML to the checker of the W3C (the stylesheet is not looked at)."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.browser.pages.looks import Look
from tests.browser.pages.tools import need

pytestmark = pytest.mark.xdist_group("pages")


def test_each_page_is_valid_html(looks: list[Look], tmp_path: Path) -> None:
    jar = need("vnu-jar", "26.9.27", "build/dist/vnu.jar", "java")
    for look in looks:
        (tmp_path / f"{look}.html").write_text(look.html, encoding="utf-8")
    assert messages(jar, *sorted(tmp_path.glob("*.html"))) == []


def test_the_checker_would_find_something(tmp_path: Path) -> None:
    jar = need("vnu-jar", "26.9.27", "build/dist/vnu.jar", "java")
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><html lang=en><title>Example</title><p><div></div></p></html>", encoding="utf-8")
    assert len(messages(jar, page)) == 1


def messages(jar: Path, *pages: Path) -> list[str]:
    command = [
        "java",
        "-Xss1m",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--stdout",
        "--exit-zero-always",
        *map(str, pages),
    ]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout)
    return [
        f"{Path(one['url']).stem} {one.get('lastLine')}: {one['message']}"
        for one in answer["messages"]
        if one["type"] != "info"
    ]
