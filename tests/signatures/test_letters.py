"""The outbox, against a real mail server: what goes out, what waits, what fails, and what a dying worker leaves."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Campaign
from signatures import letters
from signatures.models import Letter, Outbox
from tests.helpers import make_campaign, make_signature
from tests.smtp import SMTP_BACKEND, Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def test_send_due_sends_each_letter_once_over_one_connection_and_forgets_the_address(
    server: Server, campaign: Campaign
) -> None:
    for number in range(3):
        make_signature(campaign, email=f"p{number}@example.org")

    assert letters.send_due() == 3
    assert letters.send_due() == 0

    assert sorted(message["To"] for message in server.arrived) == [f"p{number}@example.org" for number in range(3)]
    assert server.connections == 1
    for letter in Letter.objects.all():
        assert (letter.state, letter.to, letter.lease, letter.error) == ("sent", "", None, "")
        assert abs(letter.sent_at - timezone.now()) < timedelta(minutes=1)


def test_send_due_leaves_capped_letters_alone(server: Server, campaign: Campaign) -> None:
    for _ in range(6):
        make_signature(campaign, email="flooded@example.org")

    assert letters.send_due() == 5
    assert Letter.objects.filter(state="capped").count() == 1


def test_confirmations_go_before_everything_else_in_a_batch_and_among_batches(
    server: Server, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(campaign, email="signed@example.org", name="One", is_confirmed=True)
    Letter.objects.all().delete()
    make_signature(campaign, email="signed@example.org", name="One")  # gets the quiet letter, which can wait
    for number in range(3):
        make_signature(campaign, email=f"p{number}@example.org")
    Letter.objects.filter(kind="already_signed").update(due_at=Now() - timedelta(days=1))
    monkeypatch.setattr(letters, "BATCH", 2)

    assert letters.send_due() == 4

    in_order = [message["To"] for message in server.arrived]
    assert in_order[3] == "signed@example.org"
    assert sorted(in_order[:3]) == [f"p{number}@example.org" for number in range(3)]


@pytest.mark.parametrize("step", ["at_recipient", "at_data", "at_data_command"])
def test_a_permanent_refusal_ends_that_letter_only(server: Server, campaign: Campaign, step: str) -> None:
    getattr(server, step)["gone@example.org"] = "550 no such mailbox gone@example.org"
    for email in ("a@example.org", "gone@example.org", "b@example.org"):
        make_signature(campaign, email=email)

    assert letters.send_due() == 2

    failed = Letter.objects.get(state="failed")
    assert (failed.error, failed.to, failed.attempts) == ("SMTP 550", "", 1)
    assert server.connections == 1
    assert not Outbox.objects.exists()
    assert letters.send_due() == 0


@pytest.mark.parametrize("step", ["at_recipient", "at_data", "at_data_command"])
def test_a_temporary_refusal_makes_that_letter_wait_ever_longer(server: Server, campaign: Campaign, step: str) -> None:
    getattr(server, step)["grey@example.org"] = "451 greylisted"
    make_signature(campaign, email="grey@example.org")
    make_signature(campaign, email="other@example.org")

    pauses = []
    for _ in range(3):
        letters.send_due()
        letter = Letter.objects.get(state="waiting")
        pauses.append(round((letter.due_at - timezone.now()).total_seconds(), -1))
        assert (letter.error, letter.to, letter.lease) == ("SMTP 451", "grey@example.org", None)
        Letter.objects.waiting().update(due_at=Now())
    assert pauses == [30, 60, 120]

    getattr(server, step).clear()
    assert letters.send_due() == 1
    assert len(server.arrived) == 2


def test_a_recipient_that_nobody_can_write_down_does_not_keep_the_others_back(
    server: Server, campaign: Campaign
) -> None:
    for email in ("a@example.org", "b@example.org", "c@example.org"):
        make_signature(campaign, email=email)
    Letter.objects.filter(to="b@example.org").update(to="b@example.org\nx")

    assert letters.send_due() == 2

    assert not Outbox.objects.exists()
    assert Letter.objects.get(state="waiting").attempts == 1


def test_a_letter_at_which_the_server_hangs_up_does_not_keep_the_others_back(
    server: Server, campaign: Campaign
) -> None:
    server.hangs_up_at.add("poison@example.org")
    for email in ("a@example.org", "poison@example.org", "b@example.org", "c@example.org"):
        make_signature(campaign, email=email)

    assert letters.send_due() == 3

    letter = Letter.objects.get(state="waiting")
    assert (letter.to, letter.attempts, letter.error) == ("poison@example.org", 1, "SMTPServerDisconnected")
    assert letter.due_at > timezone.now()


def test_an_unreachable_server_leaves_all_letters_waiting(campaign: Campaign) -> None:
    make_signature(campaign)

    with override_settings(EMAIL_BACKEND=SMTP_BACKEND, EMAIL_HOST="127.0.0.1", EMAIL_PORT=1):
        assert letters.send_due() == 0

    letter = Letter.objects.get()
    assert (letter.state, letter.attempts, letter.lease) == ("waiting", 0, None)
    assert Outbox.objects.get().error == "ConnectionRefusedError"


def test_a_letter_that_cannot_be_written_does_not_keep_the_others_back(server: Server, campaign: Campaign) -> None:
    broken = make_signature(campaign)
    make_signature(campaign)
    Letter.objects.filter(signature=broken).update(kind="unknown")

    assert letters.send_due() == 1

    letter = Letter.objects.get(signature=broken)
    assert (letter.state, letter.error) == ("waiting", "ValueError")


def test_letters_of_a_dead_worker_are_taken_over_when_its_lease_has_run_out(server: Server, campaign: Campaign) -> None:
    make_signature(campaign)
    assert len(letters.claim(uuid.uuid4())) == 1  # and then the worker dies

    assert letters.send_due() == 0
    Letter.objects.update(due_at=Now() - timedelta(seconds=1))  # the lease runs out
    assert letters.send_due() == 1


def test_a_worker_that_lost_its_lease_does_not_send(server: Server, campaign: Campaign) -> None:
    make_signature(campaign)
    slow = uuid.uuid4()
    batch = letters.claim(slow)
    Letter.objects.update(due_at=Now() - timedelta(seconds=1))
    assert letters.send_due() == 1

    assert letters.send_batch(batch, slow, float("inf")) == (0, True)
    assert len(server.arrived) == 1


def test_two_workers_never_claim_the_same_letter(campaign: Campaign) -> None:
    for _ in range(3):
        make_signature(campaign)

    first, second = letters.claim(uuid.uuid4()), letters.claim(uuid.uuid4())

    assert (len(first), len(second)) == (3, 0)


def test_send_due_stops_in_time_and_gives_back_what_it_has_not_tried(server: Server, campaign: Campaign) -> None:
    for _ in range(2):
        make_signature(campaign)
    lease = uuid.uuid4()

    assert letters.send_batch(letters.claim(lease), lease, until=0) == (0, True)

    assert list(Letter.objects.values_list("attempts", "lease")) == [(0, None), (0, None)]
    assert letters.send_due() == 2


def test_a_letter_sent_twice_has_one_message_id(server: Server, campaign: Campaign) -> None:
    make_signature(campaign)
    letters.send_due()
    Letter.objects.update(state="waiting", to="person@example.org", due_at=Now())
    letters.send_due()

    first, second = server.arrived
    assert first["Message-ID"] == second["Message-ID"]


def test_a_letter_is_given_up_two_weeks_after_it_was_written(server: Server, campaign: Campaign) -> None:
    for email in ("old@example.org", "leased@example.org", "recent@example.org"):
        make_signature(campaign, email=email)
    old = timezone.now() - timedelta(days=14, minutes=1)
    Letter.objects.exclude(to="recent@example.org").update(created_at=old, details={"a": "b"})
    Letter.objects.filter(to="recent@example.org").update(created_at=old + timedelta(minutes=2))
    Letter.objects.filter(to="leased@example.org").update(lease=uuid.uuid4(), due_at=Now() + timedelta(minutes=1))

    assert letters.give_up() == 1

    given_up = Letter.objects.get(state="failed")
    assert (given_up.error, given_up.to, given_up.details, given_up.lease) == ("expired", "", {}, None)
    assert set(Letter.objects.waiting().values_list("to", flat=True)) == {"leased@example.org", "recent@example.org"}
    Letter.objects.update(due_at=Now())  # the lease runs out
    assert letters.give_up() == 1
    assert letters.send_due() == 1


def test_a_letter_that_is_too_old_is_not_sent_before_it_is_given_up(server: Server, campaign: Campaign) -> None:
    make_signature(campaign, email="old@example.org")
    make_signature(campaign, email="recent@example.org")
    Letter.objects.filter(to="old@example.org").update(created_at=timezone.now() - timedelta(days=14, minutes=1))

    assert letters.send_due() == 1

    given_up = Letter.objects.get(state="failed")
    assert (given_up.error, given_up.to) == ("expired", "")
    assert [message["To"] for message in server.arrived] == ["recent@example.org"]
