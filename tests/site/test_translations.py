"""The Spanish catalogue is whole: no message missing, empty or fuzzy, and none that the code no longer has."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUE = Path("locale/es/LC_MESSAGES/django.po")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def messages(catalogue: Catalog) -> dict[object, Message]:
    return {(message.context, message.id): message for message in catalogue if message.id}


def test_each_message_is_translated_and_none_is_fuzzy() -> None:
    found = messages(read(ROOT / CATALOGUE))

    assert len(found) > 200
    assert [key for key, message in found.items() if message.fuzzy] == []
    for key, message in found.items():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), key
        assert list(message.check()) == [], key


def test_the_catalogue_holds_exactly_the_messages_of_code_and_templates(tmp_path: Path) -> None:
    if not shutil.which("xgettext"):
        assert not os.environ.get("CI"), "CI installs gettext"
        pytest.skip("gettext is not installed: whether each message is in the catalogue was not looked at")
    for name in ("campaigns", "signatures", "petition_site", "templates", "locale"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "es", "--no-obsolete", "--add-location", "never"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "petition_site.settings"},
        check=True,
        capture_output=True,
    )

    assert set(messages(read(tmp_path / CATALOGUE))) == set(messages(read(ROOT / CATALOGUE)))
