"""The recount finds each sum that is not what the signatures say, tells staff, and puts it right while people sign."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Campaign
from signatures import locks, recounting, services, tally, tasks
from signatures.models import CountryTally, HourTally, Recount, Signature, StateTally, Tally, Total
from tests.helpers import make_campaign, make_rows, make_signature


@pytest.fixture
def campaign(db: None) -> Campaign:
    """With signatures of all kinds, folded and not."""
    campaign = make_campaign()
    make_signature(campaign, country="PE", is_confirmed=True)
    make_signature(campaign, country="CL", is_confirmed=True)
    tally.fold()
    make_signature(campaign, country="CL", is_confirmed=True)
    make_signature(campaign)
    return campaign


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def around_triggers(statement: str) -> None:
    """As an administrator of the database can do it, and nobody should."""
    sql("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE signatures_signature DISABLE TRIGGER USER")
    sql(statement)
    sql("ALTER TABLE signatures_signature ENABLE TRIGGER USER")


def found() -> list[str]:
    return [str(one) for one in recounting.differences()]


def test_a_recount_of_what_the_triggers_kept_finds_nothing(campaign: Campaign) -> None:
    make_campaign("land-for-all")  # which nobody has signed
    assert found() == []
    tally.fold()
    assert found() == []


WRONGS = {
    "the total": ("UPDATE signatures_total SET n = n + 5", ["water-for-all, total: 8 kept, 3 found"]),
    "a country": (
        "UPDATE signatures_countrytally SET n = n - 1 WHERE country = 'CL'",
        ["water-for-all, country CL: 1 kept, 2 found"],
    ),
    "the hours": ("DELETE FROM signatures_hourtally", ["water-for-all, hours: 1 kept, 3 found"]),
    "a state": (
        "UPDATE signatures_statetally SET n = n + 1 WHERE state = 'confirmed'",
        ["water-for-all, state confirmed clear en: 4 kept, 3 found"],
    ),
    "the history": (
        "INSERT INTO signatures_tally (campaign_id, country, hour, n) SELECT campaign_id, 'AR', hour, 1"
        " FROM signatures_hourtally",
        [
            "water-for-all, history AR: 1 kept, 0 found",
            "water-for-all, country AR: 1 kept, 0 found",
            "water-for-all, hours: 4 kept, 3 found",
        ],
    ),
}


@pytest.mark.parametrize(("statement", "said"), WRONGS.values(), ids=WRONGS)
def test_each_sum_that_is_wrong_is_found_and_put_right(campaign: Campaign, statement: str, said: list[str]) -> None:
    sql(statement)

    assert found() == said
    assert recounting.repair() >= 1
    assert found() == []
    assert (tally.count(campaign.pk), tally.by_country(campaign.pk)) == (3, {"CL": 2, "PE": 1})
    tally.fold()
    assert found() == []


def test_signatures_that_were_changed_around_the_triggers_are_counted_again(campaign: Campaign) -> None:
    around_triggers("UPDATE signatures_signature SET country = 'BO' WHERE country = 'CL'")
    around_triggers("UPDATE signatures_signature SET language = 'qu' WHERE state = 'pending'")
    around_triggers("UPDATE signatures_signature SET moderation = 'held' WHERE country = 'PE'")

    assert tally.count(campaign.pk) == 3  # what the page went on saying
    assert {one.of for one in recounting.differences()} == set(recounting.SUMS)
    recounting.repair()
    assert (tally.count(campaign.pk), tally.by_country(campaign.pk)) == (2, {"BO": 2})
    assert tally.by_state(campaign.pk) == {
        ("confirmed", "clear", "en"): 2,
        ("confirmed", "held", "en"): 1,
        ("pending", "held", "qu"): 1,
    }


def test_the_command_says_what_differs_and_changes_nothing_unless_told_to(campaign: Campaign) -> None:
    sql("UPDATE signatures_total SET n = 9")
    out = StringIO()
    with pytest.raises(CommandError, match=r"^1 sums differ\. Nothing was changed; --repair"):
        call_command("recount", stdout=out)
    assert out.getvalue() == "water-for-all, total: 10 kept, 3 found\n"
    assert tally.count(campaign.pk) == 10

    call_command("recount", "--repair", stdout=out)
    assert out.getvalue().endswith("1 sums put right.\n")
    call_command("recount", stdout=out)
    assert "Every sum is what the signatures say" in out.getvalue()
    assert list(Recount.objects.order_by("pk").values_list("how_many", flat=True)) == [1, 1, 0, 0]


NIGHT = datetime(2026, 3, 2, 8, 0, 1, tzinfo=UTC)  # a second past three in Lima


@override_settings(ALARMS_TO=["one@example.org"], LANGUAGE_CODE="en")
def test_a_worker_recounts_once_a_night_and_tells_staff_of_a_difference(
    campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    with time_machine.travel(NIGHT - timedelta(hours=20), tick=False):
        tasks.recount()  # none since three o'clock
    with time_machine.travel(NIGHT - timedelta(seconds=2), tick=False):
        tasks.recount()
    assert Recount.objects.count() == 1
    sql("UPDATE signatures_total SET n = 9")
    with time_machine.travel(NIGHT, tick=False) as now:
        for _ in range(3):
            tasks.recount()
            now.shift(timedelta(hours=7))

    assert list(Recount.objects.order_by("pk").values_list("how_many", flat=True)) == [0, 1]
    assert Recount.objects.latest("pk").differences == [
        {"of": "total", "campaign": "water-for-all", "key": "", "kept": 10, "found": 3}
    ]
    assert "The count is wrong: water-for-all, total: 10 kept, 3 found" in caplog.text
    (letter,) = mail.outbox
    assert letter.body.startswith("Last night’s recount found 1 sum that is not what the signatures say.")


@pytest.mark.django_db(transaction=True)
def test_repairing_while_people_sign_and_folds_run_leaves_every_sum_right() -> None:
    campaign = make_campaign()
    make_rows(campaign, 50)
    tally.fold()
    sql("UPDATE signatures_total SET n = n - 7")
    sql("DELETE FROM signatures_countrytally")
    sql("UPDATE signatures_statetally SET n = 1000")
    stop = threading.Event()

    def go_on() -> None:
        try:
            while not stop.is_set():
                signature = make_signature(campaign, is_confirmed=True)
                if signature.pk % 3 == 0:
                    services.withdraw(signature_id=signature.pk)
                tally.fold()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        repaired = [recounting.repair() for _ in range(5)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert repaired[0] == 3
    assert repaired[1:] == [0] * 4
    assert found() == []
    assert tally.count(campaign.pk) == Signature.objects.counted().count()


@pytest.mark.django_db(transaction=True)
def test_where_one_worker_recounts_the_others_have_nothing_to_do() -> None:
    make_campaign()
    taken, done = threading.Event(), threading.Event()

    def recount_elsewhere() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [locks.Lock.RECOUNT])
                taken.set()
                done.wait(10)
                cursor.execute("SELECT pg_advisory_unlock(%s)", [locks.Lock.RECOUNT])
        finally:
            connections.close_all()

    thread = threading.Thread(target=recount_elsewhere)
    thread.start()
    assert taken.wait(10)
    assert recounting.run_if_due() is None
    done.set()
    thread.join()
    assert recounting.run_if_due() is not None
    assert recounting.is_due(timezone.now()) is False


def test_the_sums_are_those_that_the_tables_keep() -> None:
    kept = {Tally, CountryTally, HourTally, Total, StateTally}
    assert {one.table for one in recounting.SUMS.values()} == {model._meta.db_table for model in kept}
