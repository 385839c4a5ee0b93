"""How fast letters leave: the pause when the mail server refuses us, and the rate, for all workers together."""

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Campaign
from signatures import letters, pace
from signatures.models import Letter, Outbox
from tests.helpers import make_campaign, make_signature
from tests.signatures.test_concurrency import at_once
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("at_greeting", "554 5.7.1 not you", "SMTP 554 5.7.1"),
        ("at_greeting", "421 4.3.2 too busy", "SMTP 421 4.3.2"),
        ("at_hello", "450 4.3.2 later", "SMTP 450 4.3.2"),
        ("at_login", "535 5.7.8 wrong", "SMTP 535 5.7.8"),
        ("at_login", "454 4.7.0 later", "SMTP 454 4.7.0"),
        ("at_sender", "451 4.3.0 trouble here", "SMTP 451 4.3.0"),
        ("at_sender", "530 5.7.0 authenticate first", "SMTP 530 5.7.0"),
        ("at_sender", "421 go away", "SMTP 421"),
        ("at_recipient", "421 4.7.0 too many letters", "SMTP 421 4.7.0"),
        ("at_recipient", "530 5.7.0 authenticate first", "SMTP 530 5.7.0"),
        ("at_data", "421 4.7.0 too many letters", "SMTP 421 4.7.0"),
        ("at_data_command", "421 4.7.0 too many letters", "SMTP 421 4.7.0"),
    ],
)
def test_a_server_that_refuses_us_pauses_the_outbox_without_blaming_a_letter(
    server: Server, campaign: Campaign, step: str, answer: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    recipients = [f"p{number}@example.org" for number in range(3)]
    for email in recipients:
        make_signature(campaign, email=email)
    is_by_recipient = isinstance(getattr(server, step), dict)
    setattr(server, step, dict.fromkeys(recipients, answer) if is_by_recipient else answer)

    with override_settings(EMAIL_HOST_USER="site", EMAIL_HOST_PASSWORD="password"):
        assert letters.send_due() == 0

    for letter in Letter.objects.all():
        assert (letter.state, letter.attempts, letter.lease) == ("waiting", 0, None)
        assert letter.due_at <= timezone.now()
    row = Outbox.objects.get()
    assert (row.refusals, row.error) == (1, error)
    assert timedelta(seconds=25) < row.paused_until - timezone.now() < timedelta(seconds=31)
    assert [record.getMessage() for record in caplog.records if record.name == "signatures.letters"] == [
        f"The mail server takes no letters: {error}"
    ]

    # As long as the pause lasts the server is left alone by everybody, though it would take letters again.
    setattr(server, step, {} if is_by_recipient else "")
    connections = server.connections
    assert letters.claim(uuid.uuid4()) == []
    assert letters.send_due() == 0
    assert server.connections == connections

    Outbox.objects.update(paused_until=Now())
    assert letters.send_due() == 3
    row.refresh_from_db()
    assert (row.refusals, row.paused_until, row.error) == (0, None, "")
    assert set(Letter.objects.values_list("state", "error")) == {("sent", "")}


def test_a_pause_doubles_with_each_refusal_in_a_row(server: Server, campaign: Campaign) -> None:
    make_signature(campaign)
    server.at_sender = "421 go away"

    pauses = []
    for _ in range(7):
        assert letters.send_due() == 0
        pauses.append(round((Outbox.objects.get().paused_until - timezone.now()).total_seconds(), -1))
        Outbox.objects.update(paused_until=Now())

    assert pauses == [30, 60, 120, 240, 480, 900, 900]


def test_refusals_of_several_workers_at_once_are_one(campaign: Campaign) -> None:
    pace.pause("SMTP 421")
    before = Outbox.objects.get()
    pace.pause("SMTP 454")
    pace.resume()  # nor does the letter that another worker had in hand end the pause

    after = Outbox.objects.get()
    assert (after.refusals, after.paused_until, after.error) == (1, before.paused_until, "SMTP 421")


def test_a_worker_in_the_middle_of_a_batch_stops_at_a_pause(server: Server, campaign: Campaign) -> None:
    make_signature(campaign)
    lease = uuid.uuid4()
    batch = letters.claim(lease)
    pace.pause("SMTP 421")

    assert letters.send_batch(batch, lease, float("inf")) == (0, True)

    assert server.arrived == []
    assert list(Letter.objects.values_list("state", "attempts", "lease")) == [("waiting", 0, None)]


def test_a_letter_at_which_the_server_closes_each_time_does_not_keep_the_others_back(
    server: Server, campaign: Campaign
) -> None:
    server.at_recipient["poison@example.org"] = "421 4.7.0 not this one"
    for email in ("poison@example.org", "a@example.org", "b@example.org"):
        make_signature(campaign, email=email)

    assert letters.send_due() == 0
    Outbox.objects.update(paused_until=Now())
    assert letters.send_due() == 2

    letter = Letter.objects.get(state="waiting")
    assert (letter.to, letter.attempts) == ("poison@example.org", 0)


def test_a_server_that_is_gone_after_it_hung_up_pauses_the_outbox(server: Server, campaign: Campaign) -> None:
    server.hangs_up_at.add("poison@example.org")
    for email in ("poison@example.org", "a@example.org"):
        make_signature(campaign, email=email)
    server.at_second_hello = "421 closing"

    assert letters.send_due() == 0

    assert Outbox.objects.get().error == "SMTP 421"
    assert sorted(Letter.objects.values_list("to", "attempts")) == [("a@example.org", 0), ("poison@example.org", 1)]


def ten_letters(campaign: Campaign) -> None:
    for number in range(10):
        make_signature(campaign, email=f"p{number}@example.org")


def wait_for_a_whole_minute() -> None:
    """Until the database's minute has enough left for what a test does in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(second FROM clock_timestamp())")
        if (second := float(cursor.fetchone()[0])) > 50:
            time.sleep(60.1 - second)


def next_minute() -> None:
    """As if the minute of the row were over."""
    Outbox.objects.update(minute=F("minute") - timedelta(minutes=1))


@override_settings(LETTERS_PER_MINUTE=4)
def test_no_more_letters_leave_in_a_minute_than_the_rate_says(server: Server, campaign: Campaign) -> None:
    ten_letters(campaign)
    wait_for_a_whole_minute()

    sent = []
    for _ in range(3):
        sent.append((letters.send_due(), letters.send_due()))
        next_minute()

    assert sent == [(4, 0), (4, 0), (2, 0)]


@override_settings(LETTERS_PER_MINUTE=7)
def test_the_rate_holds_for_all_workers_together(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    ten_letters(campaign)
    monkeypatch.setattr(letters, "BATCH", 2)
    wait_for_a_whole_minute()

    claimed = at_once([lambda: len(letters.claim(uuid.uuid4()))] * 6)

    assert sum(claimed) == 7


@override_settings(LETTERS_PER_MINUTE=6)
def test_what_a_worker_has_taken_and_not_tried_may_go_in_the_same_minute_but_counts_for_no_other(
    server: Server, campaign: Campaign
) -> None:
    ten_letters(campaign)
    wait_for_a_whole_minute()
    lease = uuid.uuid4()

    assert letters.send_batch(letters.claim(lease), lease, until=0) == (0, True)
    assert Outbox.objects.get().taken == 0
    batch = letters.claim(lease)
    next_minute()
    assert len(letters.claim(uuid.uuid4())) == 4  # in the minute after
    batch.minute -= timedelta(minutes=1)
    assert letters.send_batch(batch, lease, until=0) == (0, True)

    assert Outbox.objects.get().taken == 4
    assert letters.send_due() == 2


def test_without_a_rate_workers_do_not_meet_at_a_row(campaign: Campaign) -> None:
    make_signature(campaign)
    Outbox.objects.create(refusals=0)

    def claim() -> int:
        return len(letters.claim(uuid.uuid4()))

    with transaction.atomic():
        Outbox.objects.select_for_update().get()
        assert at_once([claim]) == [1]
