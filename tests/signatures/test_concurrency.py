"""Many at once, each in a connection of its own: nothing is counted twice, nobody sees an error."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from campaigns.models import Campaign
from signatures import services, tally, tokens
from signatures.models import Letter, Seat, Signature
from tests.helpers import form_data, make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: Iterable[Callable[[], object]]) -> list[object]:
    """Runs all calls from one starting shot; answers what each returned, and raises what any raised."""
    calls = list(calls)
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def look(campaign: Campaign) -> tuple[int, int]:
    """The count and the recount of one moment: both in one snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return tally.count(campaign.pk), Signature.objects.counted().filter(campaign=campaign).count()


def postgres_log() -> str:
    """PostgreSQL's log of the tests' own server; a server that was given has its log elsewhere."""
    path = os.environ.get("TEST_POSTGRES_LOG")
    return Path(path).read_text(errors="replace") if path else ""


@pytest.mark.parametrize(
    ("names", "most"), [(["Ana Example"], 1), (["Ana Example", "Beto Example", "Celia Example"], 2)]
)
def test_fifty_people_with_one_address_leave_no_more_confirmed_than_the_rule_allows(
    names: list[str], most: int
) -> None:
    campaign = make_campaign()
    log_before = len(postgres_log())

    def sign(number: int) -> Callable[[], object]:
        data = form_data(campaign, name=names[number % len(names)], email="one.for.all@example.org")
        # Each from a network of its own, or they would share what one network may have sent.
        return lambda: Client(REMOTE_ADDR=f"192.0.{number}.1").post("/en/water-for-all/sign/", data).status_code

    assert Counter(at_once(sign(number) for number in range(50))) == {303: 50}
    assert Signature.objects.pending().count() == 50
    # No more letters than the cap lets through, however many sign at once.
    assert Letter.objects.waiting().count() == settings.CONFIRMATION_LETTERS_PER_ADDRESS
    links = [f"/en/confirm/{tokens.CONFIRM.make(pk)}/" for pk in Signature.objects.values_list("pk", flat=True)]

    statuses = Counter(at_once((lambda link=link: Client().post(link).status_code) for link in links))

    assert statuses[303] == most
    assert set(statuses) <= {303, 409, 410}  # those under a name that is confirmed by then are gone
    assert Signature.objects.confirmed().count() == Seat.objects.count() == most
    assert look(campaign) == (most, most)
    # Of this test's database: others make PostgreSQL refuse things on purpose, at the same time.
    mine = f"] {connection.settings_dict['NAME']} ERROR"
    assert mine not in postgres_log()[log_before:]
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert mine in postgres_log() or "TEST_POSTGRES_LOG" not in os.environ  # so that it would be seen
    assert "one.for.all@example.org" not in postgres_log()


def test_one_link_opened_fifty_times_at_once_counts_once() -> None:
    campaign = make_campaign()
    link = f"/en/confirm/{tokens.CONFIRM.make(make_signature(campaign).pk)}/"

    assert at_once([lambda: Client().post(link).status_code] * 50) == [303] * 50
    assert look(campaign) == (1, 1)


def test_the_count_equals_a_recount_at_every_look_while_people_confirm_staff_reject_and_the_fold_runs() -> None:
    campaign = make_campaign()
    waiting = [make_signature(campaign).pk for _ in range(200)]
    is_over = threading.Event()
    looks: list[tuple[int, int]] = []

    def confirm(ids: list[int]) -> Callable[[], object]:
        return lambda: [services.confirm(signature_id=pk) for pk in ids]

    def reject() -> None:
        for number in range(0, 200, 10):
            some = Signature.objects.filter(pk__in=waiting[number : number + 3])
            services.reject(signatures=some, reason="test", staff=None)

    def fold() -> None:
        while not is_over.is_set():
            tally.fold()

    def watch() -> None:
        while not is_over.is_set():
            looks.append(look(campaign))

    def until_the_rest_is_done(call: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                call()
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    background = [until_the_rest_is_done(call) for call in (fold, fold, watch)]
    try:
        at_once([*(confirm(waiting[number::40]) for number in range(40)), reject, reject])
    finally:
        is_over.set()
        for thread in background:
            thread.join()

    assert len(looks) > 10
    assert [pair for pair in looks if pair[0] != pair[1]] == []
    tally.fold()
    assert look(campaign) == (140, 140)
    assert tally.by_country(campaign.pk) == {"PE": 140}
