"""The settings of the site that runs in this clone, so that `manage.py` talks to the same database and Redis."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from petition_site.local.private import read_settings, write_settings

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".local"
FILE = STATE / "environment"


def load() -> None:
    """Take over what a running `make run` has written, unless the environment names a database itself."""
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return
    with suppress(PermissionError):  # another user's site, which is none of ours
        for name, value in read_settings(FILE).items():
            os.environ.setdefault(name, value)


def write(settings: Mapping[str, str]) -> None:
    write_settings(FILE, settings)


def remove() -> None:
    FILE.unlink(missing_ok=True)
