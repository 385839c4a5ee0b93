"""No letters but those that were asked for: one click, by a person or by their mail program (RFC 8058)."""

import pytest
from django.test import Client

from campaigns.models import Campaign
from signatures import addresses, outbox, tokens
from signatures.models import Letter, Suppression
from tests.helpers import make_campaign, make_signature

FINGERPRINT_OF = addresses.suppression_fingerprint
KINDS = {
    "confirmation": "waiting",
    "page_link": "waiting",
    "address_change": "waiting",
    "erased": "waiting",
    "reminder": "suppressed",
    "receipt": "suppressed",
    "already_signed": "suppressed",
}


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def link(email: str = "ana@example.org", language: str = "en") -> str:
    return f"/{language}/unsubscribe/{tokens.make_unsubscribe(FINGERPRINT_OF(email))}/"


def test_looking_changes_nothing(client: Client, campaign: Campaign) -> None:
    page, head = client.get(link()), client.head(link())

    assert (page.status_code, head.status_code) == (200, 200)
    assert "No letters but those that I ask for" in page.content.decode()
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_mail_program_unsubscribes_with_one_post(campaign: Campaign, language: str) -> None:
    """Without cookies, without an Origin, without a page having been shown."""
    mail_program = Client(enforce_csrf_checks=True)

    response = mail_program.post(
        link(language=language), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 200  # RFC 8058, 3.1: no redirect
    assert not response.cookies
    row = Suppression.objects.get()
    assert (bytes(row.fingerprint), row.reason) == (FINGERPRINT_OF("ana@example.org"), "unsubscribed")


def test_unsubscribing_twice_is_the_same_as_once(client: Client, campaign: Campaign) -> None:
    for _ in range(2):
        assert "Done. This address gets only letters" in client.post(link()).content.decode()

    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(("kind", "state"), KINDS.items())
def test_only_letters_that_were_asked_for_are_written_from_then_on(
    client: Client, campaign: Campaign, kind: str, state: str
) -> None:
    assert set(KINDS) == set(Letter.Kind.values)
    client.post(link("ana@example.org"))

    fingerprint = None if kind == Letter.Kind.ERASED else bytes(32)
    letter = outbox.write(
        Letter.Kind(kind), campaign_id=campaign.pk, language="en", to="Ana@example.org", fingerprint=fingerprint
    )

    assert (letter.state, bool(letter.to)) == (state, state == "waiting")


def test_others_get_their_letters(client: Client, campaign: Campaign) -> None:
    client.post(link("ana@example.org"))

    beto = make_signature(campaign, email="beto@example.org", is_confirmed=True)

    assert list(beto.letters.order_by("pk").values_list("state", flat=True)) == ["waiting", "waiting"]


def test_whoever_has_unsubscribed_can_sign_and_gets_no_receipt(client: Client, campaign: Campaign) -> None:
    client.post(link("ana@example.org"))

    ana = make_signature(campaign, email="ana@example.org", is_confirmed=True)

    letters = list(ana.letters.order_by("pk").values_list("kind", "state"))
    assert letters == [("confirmation", "waiting"), ("receipt", "suppressed")]


def test_a_broken_token_stops_no_letters(client: Client, campaign: Campaign) -> None:
    token = tokens.make_unsubscribe(FINGERPRINT_OF("ana@example.org"))
    for broken in ("x", token[:-1], f"00{token[2:]}", tokens.UNSUBSCRIBE.sign("no fingerprint")):
        assert client.post(f"/en/unsubscribe/{broken}/").status_code == 404
    assert not Suppression.objects.exists()
