"""Between two letters: the mark of one and the lease of the next, beside others who have the rows in hand."""

import threading
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection, connections

from signatures import letters, marking
from signatures.models import FunnelDelta, Letter
from tests.helpers import env_beside, make_campaign, make_signature
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db(transaction=True)

LOCK = "SELECT FROM signatures_letter WHERE id = %s FOR UPDATE NOWAIT"


@pytest.fixture
def somebody() -> Iterator[psycopg.Connection]:
    with psycopg.connect(env_beside()["DATABASE_URL"]) as other:
        yield other


@pytest.fixture
def claimed() -> tuple[uuid.UUID, Letter, Letter]:
    campaign = make_campaign()
    for _ in range(2):
        make_signature(campaign)
    lease = uuid.uuid4()
    first, second = letters.claim(lease)
    return lease, first, second


def states() -> list[str]:
    return list(Letter.objects.order_by("pk").values_list("state", flat=True))


def test_each_letter_is_marked_before_the_next_leaves(somebody: psycopg.Connection) -> None:
    campaign = make_campaign()
    for number in range(3):
        make_signature(campaign, email=f"p{number}@example.org")
    somebody.autocommit = True
    seen = []

    class Watching(dict[str, str]):
        def get(self, address: str, default: str | None = None) -> str | None:  # type: ignore[override]
            rows = somebody.execute('SELECT state, "to" FROM signatures_letter ORDER BY id').fetchall()
            seen.append((address, rows))
            return default

    with mail_server() as server:
        server.at_recipient = Watching()
        assert letters.send_due() == 3

    people, gone = [("waiting", f"p{number}@example.org") for number in range(3)], ("sent", "")
    assert seen == [
        ("p0@example.org", people),
        ("p1@example.org", [gone, *people[1:]]),
        ("p2@example.org", [gone, gone, people[2]]),
    ]
    assert states() == ["sent"] * 3


def test_a_letter_is_marked_and_counted_only_under_its_lease(claimed: tuple[uuid.UUID, Letter, Letter]) -> None:
    lease, first, second = claimed

    assert not marking.proceed(uuid.uuid4(), letters.LEASE, sent=first, following=second)
    assert (states(), FunnelDelta.objects.filter(step="sent").count()) == (["waiting", "waiting"], 0)
    assert marking.proceed(lease, letters.LEASE, sent=first, following=second)
    assert not marking.proceed(lease, letters.LEASE, sent=first, following=None)
    assert (states(), FunnelDelta.objects.filter(step="sent").count()) == (["sent", "waiting"], 1)


def test_a_letter_that_somebody_has_in_hand_is_passed_over(
    claimed: tuple[uuid.UUID, Letter, Letter], somebody: psycopg.Connection
) -> None:
    lease, first, second = claimed
    somebody.execute(LOCK, [second.pk])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")  # rather than wait for ourselves
        assert not marking.proceed(lease, letters.LEASE, sent=first, following=second)
        cursor.execute("RESET lock_timeout")

    assert states() == ["sent", "waiting"]
    somebody.rollback()
    assert marking.proceed(lease, letters.LEASE, sent=None, following=second)


def test_whoever_deletes_both_letters_need_not_wait_for_us_while_we_wait_for_them(
    claimed: tuple[uuid.UUID, Letter, Letter], somebody: psycopg.Connection
) -> None:
    lease, first, second = claimed
    somebody.execute(LOCK, [first.pk])
    answers = []

    def proceed() -> None:
        try:
            answers.append(marking.proceed(lease, letters.LEASE, sent=first, following=second))
        finally:
            connections.close_all()

    waits = threading.Event()
    worker = threading.Thread(target=proceed)
    worker.start()
    while not waits.wait(0.05):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() or not worker.is_alive():
                waits.set()
    somebody.execute(LOCK, [second.pk])  # it would raise LockNotAvailable
    somebody.execute("DELETE FROM signatures_letter")
    somebody.commit()
    worker.join()

    assert (answers, states()) == ([False], [])
