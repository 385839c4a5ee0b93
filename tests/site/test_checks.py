"""A production site refuses a database that served a demonstration."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.test import Client, override_settings

from tests.helpers import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def local(settings: Any) -> None:
    """Without the host that Django's tests add: a site that is reached is another matter."""
    settings.ALLOWED_HOSTS = ["localhost"]


def errors() -> list[str]:
    return [str(message.id) for message in run_checks(databases=["default"])]


def test_a_clean_database_is_fine() -> None:
    make_campaign()

    assert errors() == []


def test_the_demo_account_and_the_demonstration_organisation_can_not_exist_in_production() -> None:
    User.objects.create_user("demo")
    make_campaign(is_demonstration=True)

    assert errors() == ["site.E004", "site.E005"]
    with pytest.raises(SystemCheckError):
        call_command("migrate", verbosity=0, skip_checks=False)
    with override_settings(DEMO=True):
        assert errors() == []


def test_the_address_of_the_database_demands_nothing_that_exports_would_not_keep(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"]["OPTIONS"], "sslmode", "prefer")
    assert errors() == []
    monkeypatch.setitem(settings.DATABASES["default"]["OPTIONS"], "channel_binding", "require")
    assert errors() == ["site.E009"]


@override_settings(DEMO=False)
def test_there_is_no_demo_account_in_production() -> None:
    with pytest.raises(CommandError, match="this needs DEMO=true"):
        call_command("demo_account")
    assert not User.objects.exists()


@override_settings(DEMO=True, DEMO_PASSWORD="a password of some length")
def test_the_demo_account_logs_in_with_its_password() -> None:
    call_command("demo_account", verbosity=0)
    call_command("demo_account", verbosity=0)

    assert Client().login(username="demo", password="a password of some length")
    assert User.objects.get().is_superuser


def test_there_is_no_inbox_in_production() -> None:
    assert Client(SERVER_NAME="localhost").get("/inbox/", follow=True).status_code == 404
