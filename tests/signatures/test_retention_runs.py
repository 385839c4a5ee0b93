"""How retention runs: in batches that account for themselves, dry, several at once, and from the command line."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import due, retention, services, tally
from signatures.models import (
    ConsentEvent,
    DaySalt,
    Letter,
    PrivacyRequest,
    RetentionRun,
    Seat,
    Signature,
    Suppression,
)
from tests.helpers import log_in, make_campaign, make_rows, make_signature
from tests.signatures.test_concurrency import at_once
from tests.signatures.test_retention import (
    DAY,
    age,
    close,
    contents,
    make_cluster,
    make_origin,
    make_rule,
    recorded,
    write_letter,
)

NOTHING: dict[str, int] = dict.fromkeys(
    [
        "pending_deleted",
        "people_erased",
        "origins_deleted",
        "salts_destroyed",
        "suppressions_deleted",
        "letters_deleted",
        "requests_deleted",
        "clusters_deleted",
        "rules_emptied",
    ],
    0,
)


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def make_something_of_everything() -> Campaign:
    """Rows that are due for each reason there is, and for several at once, beside rows that are not. An ended one."""
    ended, living = make_campaign("ended"), make_campaign("living")
    close(ended, 10 * DAY, retention_days=9)
    for campaign in (ended, living):
        for number in range(3):
            for signed, sent in ((40 * DAY, 40 * DAY), (15 * DAY, 15 * DAY), (15 * DAY, 1 * DAY), (DAY, None)):
                pending = age(make_signature(campaign), signed=signed, sent=sent)
                confirmed = age(make_signature(campaign, is_confirmed=True), signed=signed, sent=sent)
                for signature in (pending, confirmed):
                    make_origin(signature, days_ago=signed.days + number)
        services.withdraw(signature_id=make_signature(campaign, is_confirmed=True).pk)
        services.erase(signature_id=make_signature(campaign, is_confirmed=True).pk)
        for written in (1, 15, 31):
            write_letter(campaign, written * DAY)
            write_letter(campaign, written * DAY, state="waiting", to="somebody@example.org")
    for days in range(29, 34):
        DaySalt.objects.create(day=timezone.now().date() - days * DAY, salt=b"s" * 32)
        made_at = timezone.now() - days * DAY
        Suppression.objects.create(fingerprint=bytes([days]) * 32, reason="bounced", made_at=made_at)
        make_cluster(living, days)
        for kind in ("domain", "address", "network"):
            make_rule(kind, days * DAY)
    staff, _is_new = User.objects.get_or_create(username="helper")
    for years in (1, 4):
        done_at = timezone.now() - years * 365 * DAY
        asked = PrivacyRequest.objects.create(
            kind="erase",
            received_on=done_at,
            due_on=done_at,
            note="test",
            staff=staff,
            done_by=staff,
            done_at=done_at,
            outcome="done",
        )
        asked.signatures.add(Signature.objects.filter(campaign=ended, erased_at=None).first())
    return ended


@pytest.mark.parametrize("batch", [1, 2, 5, 1000])
def test_a_dry_run_changes_nothing_and_says_what_the_run_then_does(
    db: None, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", batch)
    make_something_of_everything()
    before = contents()

    expected = due.how_much()

    assert contents() == before
    assert not RetentionRun.objects.exists()
    assert all(expected.values())
    deleted = Counter({name: len(rows) for name, rows in before.items()})
    assert sum((Counter(numbers) for numbers in retention.run_until_done()), Counter()) == expected
    assert recorded() == expected
    assert due.how_much() == NOTHING
    deleted.subtract({name: len(rows) for name, rows in contents().items()})
    assert (deleted["Letter"], deleted["Origin"], deleted["DaySalt"], deleted["Signature"]) == (
        expected["letters_deleted"],
        expected["origins_deleted"],
        expected["salts_destroyed"],
        expected["pending_deleted"],
    )


def test_a_run_works_in_batches_and_ends_when_its_time_is_up(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    make_rows(campaign, 5)
    close(campaign, 2 * DAY, retention_days=1)

    assert retention.run(seconds=0) == 0
    assert [dict(numbers)["people_erased"] for numbers in retention.batches()] == [2, 2, 1]
    assert retention.run() == 0
    assert tally.count(campaign.pk) == 5


def test_each_run_leaves_its_time_and_a_day_adds_up(campaign: Campaign) -> None:
    started = timezone.now()
    retention.run()
    row = RetentionRun.objects.get()
    assert (row.day, row.last_run_at > started) == (timezone.localdate(), True)

    for n in (2, 3):
        make_rows(make_campaign(f"number-{n}", closes_at=timezone.now() - 2 * DAY, retention_days=1), n)
        assert retention.run() == n

    again = RetentionRun.objects.get()
    assert (again.people_erased, again.last_run_at > row.last_run_at) == (5, True)
    RetentionRun.objects.update(day=timezone.localdate() - DAY)
    retention.run()
    assert list(RetentionRun.objects.values_list("people_erased", flat=True)) == [0, 5]


def test_a_batch_that_is_broken_off_at_any_statement_changes_nothing_and_counts_nothing(campaign: Campaign) -> None:
    for is_confirmed in (True, False):
        make_origin(make_signature(campaign, is_confirmed=is_confirmed), days_ago=1)
    close(campaign, 2 * DAY, retention_days=1)
    retention.run(seconds=0)
    before = contents()
    broken = 0

    while not recorded():
        with suppress(Broken), connection.execute_wrapper(BreakAt(broken)):
            list(retention.batches())
        if not recorded():
            broken += 1
            assert contents() == before

    assert broken > 10
    assert recorded() == {"pending_deleted": 1, "people_erased": 1, "origins_deleted": 2, "letters_deleted": 3}
    assert due.how_much() == NOTHING


class Broken(Exception):
    pass


class BreakAt:
    """Lets so many statements pass, and raises at the next. Those of the test's own transaction are none of them."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "SAVEPOINT" not in sql:
            if self.left == 0:
                raise Broken
            self.left -= 1
        return execute(sql, *rest)


def test_staff_who_put_the_closing_date_off_stop_a_run(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    make_rows(campaign, 3)
    close(campaign, 2 * DAY, retention_days=1)
    work = retention.batches()
    next(work)

    close(campaign, 2 * DAY, retention_days=100)

    assert list(work) == []
    assert Signature.objects.filter(erased_at=None).count() == 2


def test_the_command_says_what_is_due_and_then_what_it_did(db: None) -> None:
    make_something_of_everything()
    expected = due.how_much()

    dry, real, idle = StringIO(), StringIO(), StringIO()
    call_command("keep_retention", "--dry-run", stdout=dry)
    before = contents()
    call_command("keep_retention", "--dry-run", stdout=StringIO())
    assert contents() == before
    call_command("keep_retention", stdout=real)
    call_command("keep_retention", stdout=idle)

    assert dry.getvalue().splitlines() == [
        "Due now; nothing was changed:",
        f"{expected['pending_deleted']:>12} unconfirmed signatures deleted",
        f"{expected['people_erased']:>12} people erased after a campaign’s end",
        f"{expected['origins_deleted']:>12} network hashes deleted",
        f"{expected['salts_destroyed']:>12} salts destroyed",
        f"{expected['suppressions_deleted']:>12} refusals forgotten",
        f"{expected['letters_deleted']:>12} letters deleted",
        f"{expected['requests_deleted']:>12} answered requests deleted",
        f"{expected['clusters_deleted']:>12} clusters deleted",
        f"{expected['rules_emptied']:>12} ended rules emptied",
    ]
    assert real.getvalue().splitlines() == ["Done:", *dry.getvalue().splitlines()[1:]]
    assert [line.split()[0] for line in idle.getvalue().splitlines()] == ["Done:", *["0"] * len(NOTHING)]


def test_staff_see_the_record_and_change_nothing_in_it(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    close(campaign, 2 * DAY, retention_days=1)
    retention.run()
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("staff"))
    url, day = "/admin/signatures/retentionrun/", timezone.localdate().isoformat()

    page = client.get(url)

    assert page.status_code == 200
    assert '<td class="field-people_erased">3</td>' in page.content.decode()
    assert client.get(f"{url}{day}/change/").status_code == 200
    answers = [client.post(f"{url}{rest}").status_code for rest in ("add/", f"{day}/change/", f"{day}/delete/")]
    assert answers == [403, 403, 403]


@pytest.mark.django_db(transaction=True)
def test_several_at_once_do_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    ended = make_something_of_everything()
    for _ in range(60):
        make_signature(ended, is_confirmed=True)
    counted = tally.count(ended.pk)
    expected = due.how_much()

    done = at_once([lambda: sum((Counter(n) for n in retention.run_until_done()), Counter())] * 4)

    assert sum(done, Counter()) == expected
    assert recorded() == expected
    assert due.how_much() == NOTHING
    assert tally.count(ended.pk) == counted
    for model in (Seat, ConsentEvent):
        assert not model.objects.filter(signature__campaign=ended).exists()
    assert not Letter.objects.filter(campaign=ended).exists()


@pytest.mark.django_db(transaction=True)
def test_rows_that_somebody_holds_are_passed_over_without_waiting_and_taken_later() -> None:
    campaign = make_campaign()
    held, free = make_rows(campaign, 2)
    close(campaign, 2 * DAY, retention_days=1)
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Signature.objects.select_for_update().get(pk=held.pk)
                is_held.set()
                is_over.wait(30)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(30)
        assert retention.run() == 1
        free.refresh_from_db()
        assert free.fingerprint is None
    finally:
        is_over.set()
        holder.join()

    assert retention.run() == 1
    assert recorded() == {"people_erased": 2}
