"""Nothing starts on a database that was filled under another ADDRESS_KEY."""

import os
import secrets
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from signatures.keys import key_fingerprint
from signatures.models import AddressKey
from tests.helpers import env_beside

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parent.parent.parent
WEB = ("-W", "ignore", "-c", "import petition_site.wsgi")
WORKER = ("-m", "celery", "--quiet", "-A", "petition_site", "worker", "--concurrency", "1")
MIGRATE = ("manage.py", "migrate", "--noinput")
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def start(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env_beside(**settings), capture_output=True, text=True, timeout=60)


def other_key() -> str:
    return secrets.token_urlsafe(48)


def database_errors() -> list[str]:
    return [str(message.id) for message in run_checks(tags=["database"], databases=["default"])]


def test_the_first_migrate_notes_the_key_and_no_later_one_overwrites_it() -> None:
    assert AddressKey.objects.get().fingerprint == key_fingerprint()

    AddressKey.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert AddressKey.objects.get().fingerprint == key_fingerprint()

    AddressKey.objects.update(fingerprint="0" * 64)
    call_command("migrate", verbosity=0)
    assert AddressKey.objects.get().fingerprint == "0" * 64


def test_the_check_compares_the_keys_and_says_what_to_do(settings: object) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    assert database_errors() == []

    settings.ADDRESS_KEY = other_key()

    assert database_errors() == ["site.E006"]
    with pytest.raises(SystemCheckError) as refusal:
        call_command("migrate", stdout=StringIO(), skip_checks=False)
    assert "Set ADDRESS_KEY back to that key" in str(refusal.value)
    assert settings.ADDRESS_KEY not in str(refusal.value)
    AddressKey.objects.all().delete()
    assert database_errors() == []


@pytest.mark.parametrize(
    "arguments", [WEB, WORKER, ("manage.py", "migrate", "--check")], ids=["web", "worker", "migrate"]
)
def test_with_another_key_nothing_starts(arguments: tuple[str, ...]) -> None:
    key = other_key()

    process = start(*arguments, ADDRESS_KEY=key)

    assert process.returncode == 1
    assert "site.E006" in process.stderr
    assert key not in process.stderr + process.stdout


def test_web_starts_with_the_same_key() -> None:
    process = start(*WEB)

    assert (process.returncode, process.stderr) == (0, "")


def test_web_starts_where_there_is_no_key_to_compare() -> None:
    """While the database is away, and before it has tables: it is not known then whether the key is the right one."""
    for database in (NOWHERE, os.environ["DATABASE_URL"]):
        process = start(*WEB, DATABASE_URL=database, ADDRESS_KEY=other_key())

        assert (process.returncode, process.stderr) == (0, "")
