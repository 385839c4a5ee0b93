"""Staff send letters once more: to signers who got none, within the caps, and letters that had failed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, letters, services, suppression
from signatures.models import Letter, ModerationAct, Signature
from signatures.services import resending
from tests.helpers import log_in, make_campaign, make_rows, make_signature
from tests.smtp import Server, mail_server

SIGNATURES = "/admin/signatures/signature/"
LETTERS = "/admin/signatures/letter/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def staff(db: None) -> Client:
    user = User.objects.create_user("moderator", is_staff=True)
    names = ["view_signature", "view_letter", "moderate_signature"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def resend(client: Client, *rows: Signature, **data: str) -> str:
    chosen = {"action": "resend", "_selected_action": [row.pk for row in rows]}
    response = client.post(SIGNATURES, chosen | {"reason": "No letter came"} | data, follow=True)
    return str(response.content.decode())


def retry(client: Client, *rows: Letter) -> str:
    chosen = {"action": "retry", "_selected_action": [row.pk for row in rows], "reason": "The server is back"}
    return str(client.post(LETTERS, chosen, follow=True).content.decode())


def fail(letter: Letter, *, age: timedelta = timedelta(0)) -> Letter:
    """As the worker leaves a letter that was refused."""
    at = timezone.now() - age
    Letter.objects.filter(pk=letter.pk).update(state="failed", to="", error="SMTP 554", created_at=at, attempts=3)
    letter.refresh_from_db()
    return letter


def test_each_gets_the_letter_that_fits_and_the_others_are_named_by_number_and_reason(
    campaign: Campaign, staff: Client
) -> None:
    pending, kept, secret, withdrawn, erased, stopped, full = (
        make_signature(campaign, is_confirmed=number in (1, 2, 3, 4), visibility="secret" if number == 2 else "public")
        for number in range(7)
    )
    services.withdraw(signature_id=withdrawn.pk)
    services.erase(signature_id=erased.pk)
    suppression.suppress(addresses.suppression_fingerprint(stopped.email), "asked")
    for _ in range(settings.CONFIRMATION_LETTERS_PER_ADDRESS):
        services.resend(campaign=campaign, language="en", signature_id=full.pk)
    before = Letter.objects.latest("pk").pk

    said = resend(staff, pending, kept, secret, withdrawn, erased, stopped, full)

    written = Letter.objects.filter(pk__gt=before)
    assert {(letter.kind, letter.to) for letter in written.waiting()} == {
        ("confirmation", pending.email),
        ("page_link", kept.email),
    }
    for words in ("Letters for 2 are on the way.", "no address is kept", "as many letters", "takes no letters"):
        assert words in said
    assert "1 not sent: no address is kept" in said
    assert "2 not sent: withdrawn, erased" in said
    act = ModerationAct.objects.get()
    assert (act.action, act.how_many, act.reason, act.staff.username) == ("resend", 2, "No letter came", "moderator")
    assert set(act.moderated.values_list("signature_id", flat=True)) == {pending.pk, kept.pk}


def test_it_is_asked_before_and_nothing_is_sent_until_then(campaign: Campaign, staff: Client) -> None:
    signature = make_signature(campaign)

    asked = resend(staff, signature, reason="")

    assert "This is about one letter." in asked
    assert (signature.letters.count(), ModerationAct.objects.count()) == (1, 0)


def test_two_signatures_of_one_address_get_one_letter_with_both_links(campaign: Campaign, staff: Client) -> None:
    rows = [make_signature(campaign, name=name, email="two@example.org", is_confirmed=True) for name in ("Ana", "Beto")]

    assert "Letters for 2 are on the way." in resend(staff, *rows)

    assert Letter.objects.filter(kind="page_link").count() == 1


@pytest.mark.parametrize(("url", "action"), [(SIGNATURES, "resend"), (LETTERS, "retry")])
def test_nobody_writes_to_all_by_mistake(
    campaign: Campaign, staff: Client, monkeypatch: pytest.MonkeyPatch, url: str, action: str
) -> None:
    monkeypatch.setattr("signatures.admin.resending.AT_ONCE", 2)
    assert resending.AT_ONCE == 1000
    rows = make_rows(campaign, 3)
    Letter.objects.bulk_create([Letter(campaign=campaign, kind="receipt", state="failed") for _ in rows])
    one = rows[0] if url == SIGNATURES else Letter.objects.first()
    data = {"action": action, "_selected_action": [one.pk], "select_across": "1", "reason": "test"}

    said = staff.post(url, data, follow=True).content.decode()

    assert "At most 2 at once" in said
    assert (Letter.objects.waiting().count(), ModerationAct.objects.count()) == (0, 0)


def test_a_failed_letter_goes_out_after_all(server: Server, campaign: Campaign, staff: Client) -> None:
    signature = make_signature(campaign)
    letter = fail(signature.letters.get(), age=timedelta(days=15))  # given up: its two weeks were over

    said = retry(staff, letter)
    Letter.objects.waiting().update(due_at=timezone.now() - timedelta(hours=1))
    letters.send_due()

    assert "A letter for 1 is on the way." in said
    letter.refresh_from_db()
    assert (letter.state, letter.to, letter.error, letter.needs_reminder) == ("sent", "", "", True)
    assert [to for _sender, to in server.envelopes] == [[signature.email]]
    act = ModerationAct.objects.get()
    assert (act.action, act.how_many, act.reason) == ("resend", 1, "The server is back")


def test_letters_that_have_nobody_to_go_to_stay_as_they_are(campaign: Campaign, staff: Client) -> None:
    secret = make_signature(campaign, visibility="secret", is_confirmed=True)
    confirmed = make_signature(campaign, is_confirmed=True)
    bounced = make_signature(campaign)
    suppression.suppress(addresses.suppression_fingerprint(bounced.email), "bounced")
    full = make_signature(campaign)
    for _ in range(settings.CONFIRMATION_LETTERS_PER_ADDRESS - 1):
        services.resend(campaign=campaign, language="en", signature_id=full.pk)
    moved = make_signature(campaign, is_confirmed=True)
    services.ask_for_address(signature_id=moved.pk, email="new@example.org")
    waiting = make_signature(campaign).letters.get()
    failed = [
        fail(secret.letters.get(kind="receipt")),
        fail(confirmed.letters.get(kind="confirmation")),  # confirmed meanwhile
        fail(bounced.letters.get()),
        fail(full.letters.first(), age=timedelta(days=2)),
        fail(moved.letters.get(kind="address_change")),
    ]
    services.resend(campaign=campaign, language="en", signature_id=full.pk)
    before = list(Letter.objects.order_by("pk").values())

    said = retry(staff, *failed, waiting)

    assert list(Letter.objects.order_by("pk").values()) == before
    assert "on the way" not in said
    for words in ("1 not sent: no address is kept", "1 not sent: the address takes no letters", "as many letters"):
        assert words in said
    assert "2 not sent: withdrawn, erased" in said
    assert ModerationAct.objects.get().how_many == 0


def test_a_failed_link_to_ones_page_goes_to_the_address_that_is_kept(campaign: Campaign, staff: Client) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    for _ in range(3):  # its address's share for a day, of which it is one itself
        services.ask_for_page(campaign=campaign, language="en", email=signature.email)
    letter = fail(Letter.objects.filter(kind="page_link").latest("pk"))

    retry(staff, letter)

    letter.refresh_from_db()
    assert (letter.state, letter.to) == ("waiting", signature.email)
