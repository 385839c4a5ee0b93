"""A million signatures beside a thousand: how long staff wait for lists, filters and searches, as ratios."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from campaigns.models import Campaign
from signatures.models import Doubt, Signature
from tests.helpers import log_in, make_campaign, make_rows

pytestmark = [pytest.mark.bench, pytest.mark.xdist_group("million")]

MILLION = 1_000_000
ROUNDS = 9
SLOWER = 2.5  # at the most, with a thousand times as many rows
A_PAGE = 60  # rows and more of each rare value in the small database too: pages of one length are compared
LIST = "/admin/signatures/signature/"


@dataclass
class Sizes:
    """Two databases on one server, which differ in their number of signatures."""

    campaign: Campaign
    client: Client
    names: dict[str, str]
    seconds: float  # for the making of the million

    def use(self, size: str) -> None:
        connection.close()
        connection.settings_dict["NAME"] = self.names[size]


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Instead of pytest-django's, which would empty the tables after each test."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def sizes(db: None) -> Iterator[Sizes]:
    """Made once for all that follows. Nothing here is rolled back; the database is emptied at the end."""
    large = connection.settings_dict["NAME"]
    small = f"{large}_small"
    # What finds queries for each row takes time of its own.
    middleware = [name for name in all_middleware() if "zeal" not in name]
    with override_settings(MIDDLEWARE=middleware, DEMO=True):
        campaign = make_campaign()
        client = Client(headers={"Accept-Language": "en"})
        log_in(client, User.objects.create_superuser("reader"))
        generate(campaign, 1000)
        make_rare_ones(campaign)
        connection.close()
        server = connection._nodb_cursor
        with server() as cursor:
            cursor.execute(f'CREATE DATABASE "{small}" TEMPLATE "{large}"')
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE signatures_signature CASCADE")
        begun = time.monotonic()
        generate(campaign, MILLION)
        sizes = Sizes(campaign, client, {"small": small, "large": large}, time.monotonic() - begun)
        for size in sizes.names:
            sizes.use(size)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        try:
            yield sizes
        finally:
            sizes.use("large")
            with server() as cursor:
                cursor.execute(f'DROP DATABASE "{small}"')
            call_command("flush", interactive=False, verbosity=0)


def all_middleware() -> list[str]:
    from django.conf import settings

    return list(settings.MIDDLEWARE)


def generate(campaign: Campaign, n: int) -> None:
    call_command("generate_signatures", campaign.slug, str(n), stdout=StringIO(), stderr=StringIO())


def make_rare_ones(campaign: Campaign) -> None:
    rare: list[dict[str, Any]] = [
        {"moderation": "held"},
        {"moderation": "rejected"},
        {"state": "withdrawn"},
        {"language": "qu"},
        {"language": "ay"},
        {"name": "María Íñigo Quispe"},
        {"created_at": timezone.now() - timedelta(days=1)},
        {"created_at": timezone.now() - timedelta(days=40)},
    ]
    for kind, fields in enumerate(rare):
        rows = make_rows(campaign, A_PAGE, fingerprint=kind.to_bytes(32, "big"))
        Signature.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
    Doubt.objects.bulk_create(Doubt(signature=row, kind="network") for row in rows)


def pages(campaign: Campaign) -> dict[str, str]:
    """Each kind of page that the bar names, and its address."""

    def day(n: int) -> str:
        return f"{timezone.localtime() - timedelta(days=n):%Y-%m-%d}"

    one = Signature.objects.filter(visibility="delivered", state="confirmed").exclude(email="").order_by("pk")[100]
    filters = {
        "campaign": {"campaign__id__exact": campaign.pk},
        **{f"state {value}": {"state__exact": value} for value in Signature.State.values},
        **{f"moderation {value}": {"moderation__exact": value} for value in Signature.Moderation.values},
        **{f"visibility {value}": {"visibility__exact": value} for value in Signature.Visibility.values},
        **{f"doubt {value}": {"doubt": value} for value in ("network", "second_look")},
        **{f"language {value}": {"language": value} for value in ("es", "en", "qu", "ay")},
        "past 7 days": {"created_at__gte": f"{day(7)} 00:00:00-05:00", "created_at__lt": f"{day(-1)} 00:00:00-05:00"},
        "this year": {"created_at__gte": "2020-01-01 00:00:00-05:00", "created_at__lt": f"{day(-1)} 00:00:00-05:00"},
        "page 20": {"p": 20},
        "oldest first": {"o": 7},
    }
    searches = {
        "a common name": "quispe",
        "a rarer name": "íñigo",
        "two words": "quispe maria",
        "three words": "maria inigo quispe",
        "no such name": "nobody",
        "a domain": "@correo.example.org",
        "a domain and those below": "@*.example.org",
        "an address": one.email,
        "an unknown address": "nobody@example.org",
        "yesterday": day(1),
        "an old day": day(40),
        "a network": "203.0.113.0/24",
        "an address of a network": "198.51.100.7",
        "a number": f"#{one.pk}",
    }
    return {
        "start page": "/admin/",
        "list": LIST,
        **{f"filter: {kind}": f"{LIST}?{urlencode(fields)}" for kind, fields in filters.items()},
        **{f"search: {kind}": f"{LIST}?{urlencode({'q': typed})}" for kind, typed in searches.items()},
        "queue": "/admin/signatures/queuedsignature/",
        "letters": "/admin/signatures/letter/",
        "change page": f"{LIST}{one.pk}/change/",
    }


def test_the_million_is_made_in_two_minutes_and_a_recount_agrees(sizes: Sizes) -> None:
    """The command itself fails where the recount differs."""
    sizes.use("large")
    assert Signature.objects.count() == MILLION
    print(f"\n{MILLION:,} signatures in {sizes.seconds:.0f} s")
    assert sizes.seconds < 120


def test_staff_wait_about_as_long_for_a_million_as_for_a_thousand(sizes: Sizes) -> None:
    addresses = {}
    for size in sizes.names:
        sizes.use(size)
        addresses[size] = pages(sizes.campaign)
    kinds = list(addresses["small"])
    taken: dict[tuple[str, str], list[float]] = {(kind, size): [] for kind in kinds for size in sizes.names}
    for _ in range(ROUNDS):
        for size in sizes.names:
            sizes.use(size)
            sizes.client.get("/admin/")
            for kind, url in addresses[size].items():
                begun = time.perf_counter()
                response = sizes.client.get(url)
                taken[kind, size].append(time.perf_counter() - begun)
                assert response.status_code == 200, kind

    print(f"\n{'milliseconds, median (least to most)':36} {'a thousand':>22} {'a million':>22} {'ratio':>6}")
    ratios = {}
    for kind in kinds:
        small, large = taken[kind, "small"], taken[kind, "large"]
        ratios[kind] = statistics.median(large) / statistics.median(small)
        print(f"{kind:36} {spread(small):>22} {spread(large):>22} {ratios[kind]:6.2f}")
    assert {kind: ratio for kind, ratio in ratios.items() if ratio > SLOWER} == {}


def spread(times: list[float]) -> str:
    return f"{1000 * statistics.median(times):.0f} ({1000 * min(times):.0f} to {1000 * max(times):.0f})"
