"""Letters by the interface of a mail provider, against a real HTTP server: the outbox keeps all that it promises."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models import Campaign
from signatures import alarms, letters
from signatures.models import FunnelDelta, Letter, Outbox, Suppression
from tests.helpers import make_campaign, make_signature
from tests.provider import Provider, mail_provider, sending_by

pytestmark = pytest.mark.django_db

NOT_TRACKED = {
    "mailgun": {"o:tracking-clicks": "no", "o:tracking-opens": "no"},
    "mailjet": {"TrackClicks": "disabled", "TrackOpens": "disabled"},
    "postmark": {"TrackLinks": "None", "TrackOpens": False},
    "sparkpost": {"click_tracking": False, "open_tracking": False},
}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def postmark() -> Iterator[Provider]:
    with mail_provider("postmark") as provider:
        yield provider


@pytest.mark.parametrize("name", NOT_TRACKED)
def test_letters_go_with_all_their_headers_untracked_over_one_connection(campaign: Campaign, name: str) -> None:
    for number in range(3):
        make_signature(campaign, email=f"p{number}@example.org")
    make_signature(campaign, email="signed@example.org", is_confirmed=True)
    Letter.objects.filter(to="signed@example.org", kind="confirmation").delete()

    with mail_provider(name) as provider:
        assert letters.send_due() == 4
        assert letters.send_due() == 0

    assert provider.connections == 1
    *confirmations, receipt = provider.taken
    assert sorted(letter.to for letter in confirmations) == [f"p{number}@example.org" for number in range(3)]
    for letter in provider.taken:
        assert letter.tracking == NOT_TRACKED[name]
        assert letter.headers["Auto-Submitted"] == "auto-generated"
        assert letter.subject
        assert "http://localhost" in letter.text
        assert "http://localhost" in letter.html
    ids = {{key.lower(): value for key, value in letter.headers.items()}["message-id"] for letter in provider.taken}
    assert len(ids) == 4
    assert all(one.startswith("<") and one.endswith("@localhost>") for one in ids)
    assert receipt.to == "signed@example.org"
    assert receipt.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert receipt.headers["List-Unsubscribe"].startswith("<http://localhost")
    assert "List-Unsubscribe" not in confirmations[0].headers
    for row in Letter.objects.all():
        assert (row.state, row.to, row.lease, row.error) == ("sent", "", None, "")


def test_postmark_is_asked_to_keep_our_message_id(postmark: Provider, campaign: Campaign) -> None:
    make_signature(campaign)
    letters.send_due()

    assert postmark.taken[0].headers["X-PM-KeepID"] == "true"
    assert postmark.authorizations == {"token"}


INACTIVE = {
    "ErrorCode": 406,
    "Message": "Found inactive addresses: gone@example.org. Inactive recipients are ones that",
}
REJECTED = {"results": {"total_rejected_recipients": 1, "total_accepted_recipients": 0, "id": "1"}}


@pytest.mark.parametrize(
    ("name", "answer"), [("postmark", (422, INACTIVE)), ("sparkpost", (200, REJECTED))], ids=["postmark", "sparkpost"]
)
def test_a_recipient_that_the_provider_refuses_ends_that_letter_as_a_mail_server_s_refusal_does(
    campaign: Campaign, name: str, answer: tuple[int, Any]
) -> None:
    for email in ("a@example.org", "gone@example.org", "b@example.org"):
        make_signature(campaign, email=email)

    with mail_provider(name) as provider:
        provider.at_recipient["gone@example.org"] = answer
        assert letters.send_due() == 2

    failed = Letter.objects.get(state="failed")
    assert (failed.error, failed.to, failed.attempts) == ("API refused", "", 1)
    assert Suppression.objects.get().reason == "bounced"
    assert sorted(FunnelDelta.objects.values_list("step", flat=True)) == ["bounced", "sent", "sent"]
    assert not Outbox.objects.exists()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("postmark", (422, {"ErrorCode": 300, "Message": "Invalid metadata content."})),
        ("mailgun", (400, {"message": "'to' parameter is not a valid address."})),
        ("mailjet", (400, {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0013"}]}]})),
        ("sparkpost", (422, {"errors": [{"message": "invalid data"}]})),
    ],
    ids=["postmark", "mailgun", "mailjet", "sparkpost"],
)
def test_a_letter_that_the_provider_cannot_use_waits_ever_longer_and_keeps_no_other_back(
    campaign: Campaign, name: str, answer: tuple[int, Any]
) -> None:
    for email in ("odd@example.org", "a@example.org", "b@example.org"):
        make_signature(campaign, email=email)

    with mail_provider(name) as provider:
        provider.at_recipient["odd@example.org"] = answer
        assert letters.send_due() == 2
        waiting = Letter.objects.get(state="waiting")
        assert (waiting.to, waiting.error, waiting.attempts) == ("odd@example.org", f"API {answer[0]}", 1)
        assert timedelta(seconds=20) < waiting.due_at - timezone.now() < timedelta(seconds=31)
        assert not Outbox.objects.exists()

        provider.at_recipient.clear()
        Letter.objects.waiting().update(due_at=Now())
        assert letters.send_due() == 1


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("postmark", (401, {"ErrorCode": 10, "Message": "Bad token"})),
        ("postmark", (422, {"ErrorCode": 405, "Message": "Not allowed to send"})),
        ("postmark", (429, {})),
        ("postmark", (500, {})),
        ("postmark", (200, {"no": "answer of theirs"})),
        ("mailgun", (401, "Forbidden")),
        ("mailgun", (404, {"message": "Domain not found: mg.example.org"})),
        ("mailjet", (401, {"ErrorMessage": "API key authentication failure"})),
        ("sparkpost", (420, {"errors": [{"message": "Exceed Sending Limit (hourly)"}]})),
        ("sparkpost", (503, {})),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else value,
)
def test_a_provider_that_refuses_us_pauses_the_outbox_without_blaming_a_letter(
    campaign: Campaign, name: str, answer: tuple[int, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2):
        make_signature(campaign, email=f"p{number}@example.org")

    with mail_provider(name) as provider:
        provider.at_all = answer
        assert letters.send_due() == 0
        for letter in Letter.objects.all():
            assert (letter.state, letter.attempts, letter.lease) == ("waiting", 0, None)
        row = Outbox.objects.get()
        assert (row.refusals, row.error) == (1, f"API {answer[0]}")
        assert "example.org" not in caplog.text.replace("petition.example.org", "")

        provider.at_all = None
        before = provider.connections
        assert letters.send_due() == 0  # as long as the pause lasts it is left alone
        assert provider.connections == before
        Outbox.objects.update(paused_until=Now())
        assert letters.send_due() == 2


def nobody_listens() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_provider_that_cannot_be_reached_pauses_the_outbox(campaign: Campaign) -> None:
    make_signature(campaign)

    with sending_by("postmark", nobody_listens()):
        assert letters.send_due() == 0

    letter = Letter.objects.get()
    assert (letter.state, letter.attempts, letter.lease) == ("waiting", 0, None)
    assert Outbox.objects.get().error == "ConnectionError"


def test_a_letter_whose_reply_is_lost_goes_once_more_under_the_same_message_id_and_the_others_once(
    postmark: Provider, campaign: Campaign
) -> None:
    for email in ("a@example.org", "b@example.org", "c@example.org"):
        make_signature(campaign, email=email)
    postmark.loses_replies = 1

    assert letters.send_due() == 2
    lost = Letter.objects.get(state="waiting")
    assert (lost.error, lost.attempts) == ("ConnectionError", 1)
    Letter.objects.waiting().update(due_at=Now())
    assert letters.send_due() == 1

    ids = [letter.headers["Message-ID"] for letter in postmark.taken]
    assert (len(ids), len(set(ids))) == (4, 3)


def test_a_provider_that_does_not_answer_in_time_loses_no_letter(
    postmark: Provider, campaign: Campaign, settings: Any
) -> None:
    make_signature(campaign)
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": 0.2}
    postmark.seconds = 1

    assert letters.send_due() == 0

    letter = Letter.objects.get()
    assert (letter.state, letter.error, letter.attempts) == ("waiting", "ReadTimeout", 1)
    assert letter.due_at > timezone.now()


def test_an_alarm_that_the_provider_does_not_take_is_tried_again(postmark: Provider, settings: Any) -> None:
    settings.ALARMS_TO = ["staff@example.net"]
    postmark.at_all = (500, {})
    assert not alarms.raise_alarm("test", "Something.")

    postmark.at_all = None
    assert alarms.raise_alarm("test", "Something.")
    assert not alarms.raise_alarm("test", "Something.")
    assert [letter.to for letter in postmark.taken] == ["staff@example.net"]
