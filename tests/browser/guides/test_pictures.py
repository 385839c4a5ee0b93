"""The pictures of the guides for staff show what the pages say today."""

from pathlib import Path

import pytest

from tests.browser.guides.taking import LANGUAGES, PICTURES, stale


@pytest.mark.first
@pytest.mark.ci
@pytest.mark.parametrize(
    "language", [pytest.param(each, marks=pytest.mark.xdist_group(f"guides in {each}")) for each in LANGUAGES]
)
def test_each_picture_says_what_its_page_says(language: str, tmp_path: Path) -> None:
    assert stale(PICTURES, tmp_path, language) == [], "make screenshots"
