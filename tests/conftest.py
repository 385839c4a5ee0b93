"""What no test may leave to the next."""

from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests.copies import migrated

# How slow the machine is says nothing about a test.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What begins last is waited for alone."""

    def place(item: pytest.Item) -> int:
        if item.get_closest_marker("first"):
            return 0
        return 1 if item.get_closest_marker("xdist_group") else 2

    items.sort(key=place)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """What pytest-django asks for before it makes the database of this process: a copy needs no migrating."""
    from django.db import connection

    connection.settings_dict["TEST"]["TEMPLATE"] = migrated()


@pytest.fixture(scope="session", autouse=True)
def emptied_quickly() -> None:
    from django.test import TransactionTestCase

    from tests.emptying import empty

    TransactionTestCase._fixture_teardown = empty


@pytest.fixture(autouse=True)
def no_salt_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers the day's salt, and a test that commits has its row emptied out of the database behind it:
    what is hashed under it after that, nothing finds."""
    # By its name: pytest reads this file before it has settings, where it is asked for help only.
    monkeypatch.setattr("signatures.network._last_salt", None)


@pytest.fixture(autouse=True)
def no_nudge_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has nudged is quiet for a second."""
    monkeypatch.setattr("signatures.tasks._quiet_until", 0.0)


@pytest.fixture(autouse=True)
def one_name_for_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made by chance, and answers are compared whole. tests/site/test_logs.py is about it."""
    monkeypatch.setattr("petition_site.request_ids.made", lambda: "0" * 32)


@pytest.fixture(autouse=True)
def read_in_english() -> Iterator[None]:
    """The language of a request stays on after it: without this, what a test reads would hang on the one before."""
    with translation.override("en"):
        yield
