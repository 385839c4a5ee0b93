"""The confirmation link: GET shows, POST confirms, and each way it can fail says what to do next."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services, tally, tokens
from signatures.models import Signature
from tests.helpers import make_campaign, make_signature


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def link(signature: Signature) -> str:
    return f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/"


def test_confirm_shows_a_button_and_changes_nothing_on_get_and_head(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    page = client.get(link(signature))
    head = client.head(link(signature))

    assert (page.status_code, head.status_code) == (200, 200)
    assert '<form method="post">' in page.content.decode()
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert page["Referrer-Policy"] == "same-origin"
    signature.refresh_from_db()
    assert signature.state == "pending"
    assert tally.count(campaign.pk) == 0


def test_confirm_counts_on_post_and_thanks(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    response = client.post(link(signature))

    assert response.status_code == 303
    assert response["Location"] == "/en/water-for-all/thanks/"
    signature.refresh_from_db()
    assert signature.state == "confirmed"
    assert signature.confirmed_at is not None
    assert tally.count(campaign.pk) == 1
    assert 'data-count="1"' in client.get(response["Location"]).content.decode()


def test_confirm_counts_once_however_often_the_link_is_used(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    assert [client.post(link(signature))["Location"] for _ in range(3)] == ["/en/water-for-all/thanks/"] * 3
    assert tally.count(campaign.pk) == 1
    assert "You have confirmed already" in client.get(link(signature)).content.decode()


def test_confirm_leaves_a_held_signature_uncounted(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    services.hold(signatures=Signature.objects.all(), reason="burst", staff=None)

    client.post(link(signature))

    signature.refresh_from_db()
    assert (signature.state, signature.moderation) == ("confirmed", "held")
    assert tally.count(campaign.pk) == 0


def test_confirm_rejects_a_tampered_token(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    other = make_signature(campaign)
    token = tokens.CONFIRM.make(signature.pk)

    for broken in (token[:-1], token + "x", token.replace(str(signature.pk), str(other.pk), 1), "x", "1:2:3"):
        for response in (client.get(f"/en/confirm/{broken}/"), client.post(f"/en/confirm/{broken}/")):
            assert response.status_code == 404
            assert "copy the whole link" in response.content.decode()
    assert not Signature.objects.confirmed().exists()


def test_confirm_rejects_an_expired_token_and_offers_to_sign_again(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    url = link(signature)

    with time_machine.travel(timezone.now() + timedelta(seconds=settings.CONFIRMATION_MAX_AGE + 1)):
        response = client.post(url)

    assert response.status_code == 410
    assert "Please sign again: you get a new letter." in response.content.decode()
    assert not Signature.objects.confirmed().exists()


def test_confirm_says_when_the_signature_is_gone(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    url = link(signature)
    services.erase(signature_id=signature.pk)

    assert client.get(url).status_code == client.post(url).status_code == 410


def test_confirm_does_not_bring_back_a_withdrawn_signature(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    services.withdraw(signature_id=signature.pk)

    response = client.post(link(signature))

    assert response.status_code == 409
    assert "was withdrawn" in response.content.decode()
    assert tally.count(campaign.pk) == 0


def test_confirm_takes_two_people_at_one_address_and_no_third(client: Client, campaign: Campaign) -> None:
    people = [make_signature(campaign, email="family@example.org", name=name) for name in ("Ana", "Beto", "Celia")]

    statuses = [client.post(link(signature)).status_code for signature in people]

    assert statuses == [303, 303, 409]
    assert tally.count(campaign.pk) == 2


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Ana Example", "ana.example@gmail.com"),
        ("ANA  EXAMPLE", "a.n.a.example+petition@GoogleMail.com"),
        ("Ａｎａ Example", "anaexample@gmail.com"),
    ],
)
def test_confirm_takes_one_person_once_however_they_spell_it(
    client: Client, campaign: Campaign, name: str, email: str
) -> None:
    make_signature(campaign, name="Ana Example", email="anaexample@gmail.com", is_confirmed=True)
    again = make_signature(campaign, name=name, email=email)

    response = client.post(link(again))

    assert response.status_code == 409
    assert "This address has signed already." in response.content.decode()
    assert tally.count(campaign.pk) == 1


def test_confirm_deletes_the_address_of_somebody_counted_only(campaign: Campaign) -> None:
    secret = make_signature(campaign, visibility="secret", is_confirmed=True)
    with_news = make_signature(campaign, visibility="secret", wants_updates=True, is_confirmed=True)
    delivered = make_signature(campaign, is_confirmed=True)

    assert (secret.name, secret.email) == ("", "")
    assert (with_news.name, bool(with_news.email)) == ("", True)
    assert delivered.name
    assert delivered.email


def test_confirm_takes_one_secret_signer_per_address(campaign: Campaign) -> None:
    make_signature(campaign, visibility="secret", email="ana@example.org", is_confirmed=True)
    again = make_signature(campaign, visibility="secret", email="ana@example.org")

    assert services.confirm(signature_id=again.pk) is services.Confirmation.ADDRESS_IS_TAKEN


@pytest.mark.parametrize("leave", [services.withdraw, services.erase])
def test_leaving_gives_the_seat_back(campaign: Campaign, leave: object) -> None:
    signature = make_signature(campaign, name="Ana", email="ana@example.org", is_confirmed=True)
    assert leave(signature_id=signature.pk)  # type: ignore[operator]
    assert tally.count(campaign.pk) == 0

    make_signature(campaign, name="Ana", email="ana@example.org", is_confirmed=True)

    assert tally.count(campaign.pk) == 1


def test_erase_leaves_an_anonymous_row_with_its_times_cut_to_the_month(campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)

    assert services.erase(signature_id=signature.pk)
    assert not services.erase(signature_id=signature.pk)

    signature.refresh_from_db()
    assert (signature.name, signature.email, signature.fingerprint) == ("", "", None)
    assert signature.state == "withdrawn"
    for moment in (signature.created_at, signature.confirmed_at, signature.withdrawn_at, signature.erased_at):
        local = timezone.localtime(moment)
        assert (local.day, local.hour, local.minute, local.second, local.microsecond) == (1, 0, 0, 0, 0)
    assert not signature.letters.exists()
    assert not hasattr(signature, "seat")
