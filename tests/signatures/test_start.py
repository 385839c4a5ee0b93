"""The start page of staff: what it says, to whom, and that it asks the database no more when there is more."""

import re
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from campaigns.models import Campaign
from signatures import overview, pace, tally
from signatures.models import (
    CountDelta,
    FunnelTally,
    Letter,
    RetentionRun,
    Signature,
    StateDelta,
    Tally,
    ViaTally,
)
from tests.helpers import log_in, make_campaign, make_rows, make_signature

ADMIN = "/admin/"
LIMA = ZoneInfo("America/Lima")
NOON = datetime(2026, 3, 5, 12, 30, tzinfo=LIMA)


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign(closes_at=NOON, retention_days=30)


def client_who(*permissions: str) -> Client:
    user = User.objects.create_user(f"staff {'-'.join(permissions)}", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


@pytest.fixture
def client(db: None) -> Client:
    return client_who("view_signature")


def words(html: str) -> str:
    """What is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html[html.index('<div id="content"') :])).split())


def won(campaign: Campaign, moment: datetime, n: int, country: str = "PE") -> None:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    CountDelta.objects.create(campaign=campaign, country=country, hour=hour, n=n)


def test_history_has_the_days_and_hours_of_lima_and_ends_at_the_exact_count(campaign: Campaign) -> None:
    with time_machine.travel(NOON, tick=False):
        won(campaign, NOON - timedelta(days=100), 1000)
        won(campaign, NOON - timedelta(days=59), 50)
        won(campaign, datetime(2026, 3, 4, 23, tzinfo=LIMA), 7, "ES")
        won(campaign, datetime(2026, 3, 5, 0, tzinfo=LIMA), 20)
        tally.fold()
        won(campaign, datetime(2026, 3, 5, 11, tzinfo=LIMA), 5)
        won(campaign, NOON, -2)

        history = overview.history(campaign)

    assert (history.count, history.today, history.last_hour, history.this_hour) == (1080, 23, 5, -2)
    assert [n for _hour, n in history.hours if n] == [7, 20, 5, -2]
    assert [(str(day), n) for day, n in history.days if n] == [
        ("2026-01-05", 50),
        ("2026-03-04", 7),
        ("2026-03-05", 23),
    ]
    assert (len(history.hours), len(history.days), len(history.running)) == (48, 60, 60)
    assert [n for _day, n in history.running][:2] == [1050, 1050]
    assert [n for _day, n in history.running][-2:] == [1057, 1080]


def test_the_page_says_how_the_campaign_stands(client: Client, campaign: Campaign) -> None:
    make_rows(campaign, 1200, country="PE")
    make_rows(campaign, 3, country="DE", language="es")
    Signature.objects.filter(name="Row 0").update(moderation="rejected")
    make_signature(campaign, email="ana@example.org")
    (held,) = make_rows(campaign, 1, moderation="held", created_at=timezone.now() - timedelta(hours=27, minutes=1))
    today = timezone.localdate()
    FunnelTally.objects.create(campaign=campaign, day=today, provider="gmail", step="sent", n=10)
    FunnelTally.objects.create(campaign=campaign, day=today, provider="gmail", step="confirmed", n=7)
    for shard in range(2):
        ViaTally.objects.create(campaign=campaign, channel="whatsapp", day=today, shard=shard, n=21)
    Letter.objects.create(campaign=campaign, kind="receipt", state="failed", error="SMTP 554")
    pace.pause("SMTP 421")
    RetentionRun.objects.create(day=today, last_run_at=timezone.now())

    html = client.get(ADMIN).content.decode()
    text = words(html)

    for line in (
        "counted now 1,201",
        "All signatures, and the goal of 2,500",
        "Country Signatures Peru 1,199 Germany 2",
        "Language Signatures English 1,199 Spanish 2",
        "State Signatures counted 1,201 held 1 rejected 2 not confirmed yet 1",
        "Gmail 10 7 70 % 0 0 % 0",
        "WhatsApp 42",
        "SMTP 554 1",
        "Sending is paused until",
        "1 letter waits",
        "A signature has been held for 27 hours, and nobody has decided on it.",
        "more than a day 1",
        "One has been held for 1 day, 3 hours.",
        "are erased on 04/04/2026",
    ):
        assert line in text, line
    assert f'href="/admin/signatures/signature/{held.pk}/change/"' in html
    # Strict CSP: nothing inline; and each plot has a name and a table.
    assert not re.search(r"<[^>]*\sstyle=|<style|<script>", html)
    figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
    assert len(figures) == 6
    for figure in figures:
        (name,) = re.findall(r'<svg [^>]*role="img" aria-labelledby="([\w-]+)"', figure)
        assert figure.count(f'id="{name}"') == html.count(f'id="{name}"') == 1
        assert "<caption>" in figure
        assert 'th scope="row"' in figure


def test_a_campaign_without_anybody_gets_sentences_instead_of_plots(client: Client, campaign: Campaign) -> None:
    html = client.get(ADMIN).content.decode()
    text = words(html)

    assert "<svg" not in html[html.index('<div class="overview">') : html.index('id="content-main"')]
    for sentence in (
        "Nobody has signed yet.",
        "None. Nobody waits for a decision.",
        "No letter waits.",
        "It has not run yet.",
        "Nobody has come by a shared link yet.",
        "No confirmation letter has been sent yet.",
    ):
        assert sentence in text


def test_the_next_run_of_retention_and_the_next_campaign_that_is_erased_are_said(
    client: Client, campaign: Campaign
) -> None:
    ends = timezone.localtime().replace(hour=12)
    for slug, days in (("gone-for-all", -50), ("land-for-all", 12), ("air-for-all", 5)):
        make_campaign(slug, closes_at=ends + timedelta(days=days - 30), retention_days=30)
    make_campaign("without-an-end")
    run = RetentionRun.objects.create(day=timezone.localdate(), last_run_at=timezone.now())
    with override("en"):
        due = date_format(timezone.localtime(run.last_run_at + timedelta(minutes=1)), "SHORT_DATETIME_FORMAT")
        comes = date_format(ends + timedelta(days=5), "SHORT_DATE_FORMAT")

    text = words(client.get(ADMIN).content.decode())
    assert f"Next run: due {due}" in text
    assert f"whose names and addresses are erased: air-for-all, on {comes}." in text

    RetentionRun.objects.update(last_run_at=timezone.now() - timedelta(hours=3))
    Campaign.objects.filter(slug__in=["air-for-all", "land-for-all"]).update(closes_at=None)
    text = words(client.get(ADMIN).content.decode())
    assert "Next run" not in text
    assert "No erasure of a campaign’s names and addresses is coming up." in text


def test_what_cannot_wait_stands_first_and_then_the_way_to_it(campaign: Campaign) -> None:
    make_rows(campaign, 1, moderation="held", created_at=timezone.now() - timedelta(hours=27, minutes=1))
    text = words(client_who("view_signature", "pause_site").get(ADMIN).content.decode())
    at = [
        text.index(said) for said in ("held for 27 hours", "To the queue To the queue", "Pause exports", "counted now")
    ]
    assert at == sorted(at)
    assert "To the queue" not in client_who("export_numbers").get(ADMIN).content.decode()


def test_without_a_campaign_there_is_a_sentence(client: Client) -> None:
    assert "There is no campaign yet." in client.get(ADMIN).content.decode()


def test_the_open_campaign_comes_first_and_another_can_be_chosen(client: Client, db: None) -> None:
    closed = make_campaign("air-for-all", state="closed")
    make_rows(make_campaign(), 3)
    make_rows(closed, 8)

    assert 'value="water-for-all" selected' in client.get(ADMIN).content.decode()
    chosen = client.get(f"{ADMIN}?campaign=air-for-all").content.decode()
    assert 'value="air-for-all" selected' in chosen
    assert "counted now 8" in words(chosen)
    assert 'value="water-for-all" selected' in client.get(f"{ADMIN}?campaign=nowhere").content.decode()


@pytest.mark.parametrize(
    ("permission", "sees_numbers"),
    [
        ("view_signature", True),
        ("view_campaign", True),
        ("export_numbers", True),
        ("view_user", False),
    ],
)
def test_numbers_are_for_who_works_with_campaigns_and_hold_nobody(
    campaign: Campaign, permission: str, sees_numbers: bool
) -> None:
    held = make_signature(campaign, name="Ana Example", email="ana@example.org", is_confirmed=True)
    Signature.objects.filter(pk=held.pk).update(moderation="held")

    html = client_who(permission).get(ADMIN).content.decode()

    assert ('class="overview"' in html) == sees_numbers
    assert "Ana Example" not in html
    assert "@" not in html
    assert (f"/signature/{held.pk}/change/" in html) == (permission == "view_signature")


def test_the_page_asks_no_more_of_the_database_when_there_is_more(client: Client, campaign: Campaign) -> None:
    def fill(n: int) -> None:
        now = timezone.now()
        for number in range(n):
            day = timezone.localdate() - timedelta(days=number)
            won(campaign, now - timedelta(days=number), 3, ["PE", "ES", "BO", "CL"][number % 4])
            StateDelta.objects.create(
                campaign=campaign, state="confirmed", moderation="clear", language=f"l{number}", n=1
            )
            ViaTally.objects.create(campaign=campaign, channel=f"c{number}", day=day, shard=0, n=1)
            FunnelTally.objects.create(campaign=campaign, day=day, provider="gmail", step="sent", n=1)
            Letter.objects.create(campaign=campaign, kind="receipt", state="failed", error=f"SMTP {number}")
        make_rows(campaign, n, moderation="held", created_at=now - timedelta(hours=30))
        tally.fold()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(ADMIN)
        return len(captured)

    fill(1)
    client.get(ADMIN)
    with_one = queries()
    for model in (Tally, ViaTally, FunnelTally, Letter, Signature):
        model._default_manager.all().delete()
    fill(30)

    assert queries() == with_one <= 30


def test_the_list_of_signatures_says_that_one_has_waited_too_long(client: Client, campaign: Campaign) -> None:
    address = "/admin/signatures/signature/"
    make_rows(campaign, 1, moderation="held")
    assert "nobody has decided" not in client.get(address).content.decode()

    Signature.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert "A signature has been held for 25 hours" in client.get(address).content.decode()
