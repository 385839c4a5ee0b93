"""Where a program is missing: a test is skipped with a line that says so, and in CI, which installs it, it fails."""

import os
from typing import NoReturn

import pytest


def give_up(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
