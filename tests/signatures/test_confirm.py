"""The confirmation link: GET shows, POST confirms, and each way it can fail says what to do next."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services, tally, tokens
from signatures.models import Letter, Signature
from tests.helpers import form_data, make_campaign, make_signature

TOO_OLD = timedelta(seconds=settings.CONFIRMATION_MAX_AGE + 1)


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
    assert response["Location"] == "/en/water-for-all/thanks/#main"
    signature.refresh_from_db()
    assert signature.state == "confirmed"
    assert signature.confirmed_at is not None
    assert tally.count(campaign.pk) == 1
    assert 'data-count="1"' in client.get(response["Location"]).content.decode()


def test_confirm_counts_once_however_often_the_link_is_used(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    assert [client.post(link(signature))["Location"] for _ in range(3)] == ["/en/water-for-all/thanks/#main"] * 3
    assert tally.count(campaign.pk) == 1
    html = client.get(link(signature)).content.decode()
    assert "You have confirmed already" in html
    assert 'href="/en/water-for-all/signature/"' in html
    assert "<form" not in html
    assert [letter.kind for letter in signature.letters.order_by("pk")] == ["confirmation", "receipt"]


def test_confirm_knows_who_has_just_confirmed_and_only_the_first_time(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    first, second = client.post(link(signature)), client.post(link(signature))

    cookie = first.cookies["confirmed"]
    assert tokens.CONFIRMED_HERE.read(cookie.value) == signature.pk
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 900)
    # A link that is used again may be in another's hands.
    assert "confirmed" not in second.cookies


def test_confirm_submits_itself_in_the_browser_that_signed_and_there_for_that_signature_only(
    client: Client, campaign: Campaign
) -> None:
    client.post("/en/water-for-all/sign/", form_data(campaign))
    signature, other = Signature.objects.get(), make_signature(campaign)

    assert '<form method="post" data-submits-itself>' in client.get(link(signature)).content.decode()
    assert "data-submits-itself" not in client.get(link(other)).content.decode()
    assert "data-submits-itself" not in Client().get(link(signature)).content.decode()
    with time_machine.travel(timezone.now() + timedelta(hours=2, seconds=1)):
        assert "data-submits-itself" not in client.get(link(signature)).content.decode()
    assert client.post(link(signature)).cookies["signed"]["max-age"] == 0


@pytest.mark.parametrize("purpose", [tokens.CONFIRM, tokens.NOT_ME, tokens.CONFIRMED_HERE])
def test_confirm_submits_itself_for_no_cookie_of_another_making(
    client: Client, campaign: Campaign, purpose: tokens.Purpose
) -> None:
    signature = make_signature(campaign)
    client.cookies["signed"] = purpose.make(signature.pk)

    assert "data-submits-itself" not in client.get(link(signature)).content.decode()


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


def test_the_page_shows_what_is_to_be_confirmed(client: Client, campaign: Campaign) -> None:
    """Somebody else may have typed another name beside the same address, whose letters look alike."""
    mine = make_signature(campaign, name="Ana Example", email="ana@example.org", visibility="secret")
    theirs = make_signature(campaign, name="Ana Quispe", email="ana@example.org", wants_updates=True)

    page, other = (client.get(link(signature)).content.decode() for signature in (mine, theirs))

    assert "Count me only, do not pass on my name" in page
    assert "With my name and country" not in page
    assert "With my name and country: <strong><bdi>A. Q.</bdi>, Peru</strong>" in other
    assert "Quispe" not in other  # the address may be a slip, and its owner a stranger
    assert "Send me news about this campaign by email." in other
    assert "Send me news" not in page
    for text in (page, other):
        assert "I agree that Example Organisation counts my signature." in text


def test_confirming_deletes_other_attempts_under_the_same_name(client: Client, campaign: Campaign) -> None:
    first, again = (make_signature(campaign, name=name, email="ana@example.org") for name in ("Ana", "ANA "))
    partner = make_signature(campaign, name="Beto", email="ana@example.org")
    elsewhere = make_signature(campaign, name="Ana", email="other@example.org")

    client.post(link(first))

    assert set(Signature.objects.values_list("pk", flat=True)) == {first.pk, partner.pk, elsewhere.pk}
    assert "you have confirmed another letter" in client.get(link(again)).content.decode()


def test_an_expired_link_offers_a_new_letter_and_sends_none_by_itself(client: Client, campaign: Campaign) -> None:
    url = link(make_signature(campaign))

    with time_machine.travel(timezone.now() + TOO_OLD):
        response, head = client.get(url), client.head(url)

    assert (response.status_code, head.status_code) == (410, 410)
    html = response.content.decode()
    assert "This link is too old. We can send you a new letter." in html
    assert '<form method="post"><button class="button" type="submit">Send a new letter</button></form>' in html
    assert Letter.objects.count() == 1


def test_an_expired_link_sends_a_new_letter_on_post_and_confirms_nothing(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, email="ana.example@example.org")
    url = link(signature)

    with time_machine.travel(timezone.now() + TOO_OLD):
        response = client.post(url)
        page = client.get(response["Location"].partition("#")[0])
        new_link = link(signature)

        assert response.status_code == 303
        assert "another one is on its way" in page.content.decode()
        assert "a…e@example.org" in page.content.decode()
        assert not Signature.objects.confirmed().exists()
        letter = Letter.objects.latest("pk")
        assert (letter.kind, letter.state, letter.to) == ("confirmation", "waiting", "ana.example@example.org")
        assert client.post(new_link).status_code == 303
    assert Signature.objects.confirmed().exists()


@pytest.mark.parametrize(
    ("leave", "status", "words"),
    [(services.confirm, 200, "You have confirmed already"), (services.erase, 410, "no longer here")],
)
def test_an_expired_link_sends_nothing_for_what_is_no_longer_pending(
    client: Client, campaign: Campaign, leave: Callable[..., object], status: int, words: str
) -> None:
    signature = make_signature(campaign)
    url = link(signature)
    leave(signature_id=signature.pk)
    before = Letter.objects.count()

    with time_machine.travel(timezone.now() + TOO_OLD):
        answers = [client.get(url), client.post(url)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert all(words in answer.content.decode() for answer in answers)
    assert Letter.objects.count() == before


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
