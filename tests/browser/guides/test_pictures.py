"""The pictures of the guides for staff show what the pages say today."""

from pathlib import Path

import pytest

from tests.browser.guides.taking import PICTURES, stale

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.ci]


def test_each_picture_says_what_its_page_says(tmp_path: Path) -> None:
    assert stale(PICTURES, tmp_path) == [], "make screenshots"
