"""Changing one's signature: showing less takes any link, showing more a fresh one and a yes of its own."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services import publish_consent
from signatures import services, tally
from signatures.models import Seat, Signature
from tests.helpers import consent_of, make_campaign, make_signature, page_of

OPEN_A_NEW_LINK = "To show more, open this page by a new link out of your mailbox."


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def ana(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Ana Example", email="ana.example@example.org", is_confirmed=True)


def line(**fields: str) -> dict[str, str]:
    return {"name": "Ana Example", "country": "PE", "visibility": "delivered"} | fields


def raised(signature: Signature) -> None:
    """Shown on the page, as after thanks."""
    shown = services.Line("Ana Example", "PE", "public")
    services.change(signature_id=signature.pk, line=shown, consent=consent_of(signature.campaign))


def kinds(signature: Signature) -> list[str]:
    return list(signature.consent_events.order_by("pk").values_list("kind", flat=True))


def test_a_fresh_link_changes_name_and_country(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)

    response = client.post(f"{url}change/", line(name="Ana María Example", country="BO"))

    assert (response.status_code, response["Location"]) == (303, f"{url}?said=changed#main")
    ana.refresh_from_db()
    assert (ana.name, ana.country.code, ana.visibility) == ("Ana María Example", "BO", "delivered")
    assert tally.by_country(ana.campaign_id) == {"BO": 1}
    assert kinds(ana) == ["ticked", "confirmed"]  # nobody sees more or less than before
    assert "Changed." in client.get(response["Location"]).content.decode()


def test_an_ordinary_link_changes_the_country_and_not_the_name(client: Client, ana: Signature) -> None:
    """Whoever was passed a receipt could put a full name in the place of a short one."""
    url = page_of(ana)

    assert "To change your name, open this page by a new link" in client.get(url).content.decode()
    assert client.post(f"{url}change/", line(name="Ana María Example", country="BO")).status_code == 303

    ana.refresh_from_db()
    assert (ana.name, ana.country.code) == ("Ana Example", "BO")


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ""}, "name", "Enter your name, or choose to be counted only."),
        ({"name": "Ana\x1b"}, "name", "A name is written on one line, in letters. Please take out other characters."),
        ({"country": "XX"}, "country", "Choose a country from the list."),
        ({"visibility": ""}, "visibility", "Choose who sees your name and country."),
        ({"visibility": "all"}, "visibility", OPEN_A_NEW_LINK),
    ],
)
def test_bad_input_comes_back_and_changes_nothing(
    client: Client, ana: Signature, fields: dict[str, str], field: str, message: str
) -> None:
    response = client.post(f"{page_of(ana, fresh=True)}change/", line(country="BO") | fields)

    assert response.status_code == 422
    assert response.context["form"].errors == {field: [message]}
    assert "<title>Error: Your signature</title>" in response.content.decode()
    ana.refresh_from_db()
    assert (ana.name, ana.country.code) == ("Ana Example", "PE")


@pytest.mark.parametrize("before", ["secret", "delivered"])
def test_an_ordinary_link_makes_nothing_more_visible_even_if_posted_by_hand(
    client: Client, campaign: Campaign, before: str
) -> None:
    signature = make_signature(campaign, visibility=before, is_confirmed=True)
    more = [level for level in ("delivered", "public") if level != before]

    for visibility in more:
        response = client.post(f"{page_of(signature)}change/", line(visibility=visibility, agrees="on"))
        assert response.status_code == 422
        assert response.context["form"].errors["visibility"] == [OPEN_A_NEW_LINK]

    signature.refresh_from_db()
    assert signature.visibility == before
    assert kinds(signature) == ["ticked", "confirmed"]


def test_a_link_that_is_no_longer_fresh_is_an_ordinary_one(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)

    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        response = client.post(f"{url}change/", line(visibility="public", agrees="on"))

    assert response.status_code == 422
    ana.refresh_from_db()
    assert ana.visibility == "delivered"


def test_showing_more_takes_a_yes_of_its_own(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)

    refused = client.post(f"{url}change/", line(visibility="public"))
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"agrees": ["To show more than before we need your agreement."]}
    ana.refresh_from_db()
    assert ana.visibility == "delivered"

    assert client.post(f"{url}change/", line(visibility="public", agrees="on")).status_code == 303
    ana.refresh_from_db()
    assert ana.visibility == "public"
    event = ana.consent_events.latest("pk")
    assert (event.kind, event.visibility, event.consent) == ("disclosure", "public", consent_of(ana.campaign))


def test_somebody_counted_only_can_come_out_with_a_name(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, visibility="secret", is_confirmed=True)
    url = page_of(signature, fresh=True)

    assert client.post(f"{url}change/", line(name="", agrees="on")).status_code == 422
    assert client.post(f"{url}change/", line(agrees="on")).status_code == 303

    signature.refresh_from_db()
    assert (signature.name, signature.visibility) == ("Ana Example", "delivered")
    assert tally.count(campaign.pk) == 1


@pytest.mark.parametrize("visibility", ["delivered", "secret"])
def test_showing_less_needs_neither_a_fresh_link_nor_a_yes(client: Client, ana: Signature, visibility: str) -> None:
    raised(ana)
    assert "<bdi>Ana Example</bdi>" in client.get("/en/water-for-all/").content.decode()

    assert client.post(f"{page_of(ana)}change/", line(visibility=visibility)).status_code == 303

    ana.refresh_from_db()
    assert ana.visibility == visibility
    event = ana.consent_events.latest("pk")
    assert (event.kind, event.visibility) == ("disclosure", visibility)
    assert "<bdi>Ana Example</bdi>" not in client.get("/en/water-for-all/").content.decode()


def test_who_is_counted_only_from_now_on_loses_name_and_address_at_once(client: Client, ana: Signature) -> None:
    seat_before = bytes(Seat.objects.get(signature=ana).name_fingerprint)

    client.post(f"{page_of(ana)}change/", line(visibility="secret"))

    ana.refresh_from_db()
    assert (ana.name, ana.email, ana.is_counted) == ("", "", True)
    assert ana.fingerprint
    assert bytes(Seat.objects.get(signature=ana).name_fingerprint) != seat_before


def test_who_is_counted_only_and_wants_news_keeps_the_address_until_then(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, wants_updates=True, is_confirmed=True)

    client.post(f"{page_of(signature)}change/", line(visibility="secret"))
    signature.refresh_from_db()
    assert (signature.name, bool(signature.email)) == ("", True)

    client.post(f"{page_of(signature)}news/", {"news": "off"})
    signature.refresh_from_db()
    assert signature.email == ""
    assert kinds(signature)[-2:] == ["disclosure", "news_off"]


def test_two_people_of_one_address_cannot_have_one_name(client: Client, campaign: Campaign) -> None:
    ana, beto = (
        make_signature(campaign, name=name, email="family@example.org", is_confirmed=True)
        for name in ("Ana Example", "Beto Example")
    )

    response = client.post(f"{page_of(beto, fresh=True)}change/", line(name="ANA  example", country="BO"))

    assert response.status_code == 422
    assert response.context["form"].errors == {"name": ["The other signature of your address has this name."]}
    beto.refresh_from_db()
    assert (beto.name, beto.country.code) == ("Beto Example", "PE")
    assert client.post(f"{page_of(ana, fresh=True)}change/", line(name="ANA EXAMPLE")).status_code == 303


def test_two_people_of_one_address_can_both_take_their_names_back(client: Client, campaign: Campaign) -> None:
    couple = [
        make_signature(campaign, name=name, email="family@example.org", is_confirmed=True)
        for name in ("Ana Example", "Beto Example")
    ]

    for signature in couple:
        assert client.post(f"{page_of(signature)}change/", line(visibility="secret")).status_code == 303
        signature.refresh_from_db()
        assert (signature.name, signature.visibility) == ("", "secret")

    assert tally.count(campaign.pk) == 2
    third = make_signature(campaign, name="Celia Example", email="family@example.org")
    assert services.confirm(signature_id=third.pk) is services.Confirmation.ADDRESS_IS_TAKEN


def test_a_change_is_agreed_to_under_the_text_in_force(client: Client, ana: Signature) -> None:
    ana.campaign.texts.filter(language="en").update(consent_text="A new text.")
    publish_consent(campaign=ana.campaign)

    client.post(f"{page_of(ana, fresh=True)}change/", line(visibility="public", agrees="on"))

    ana.refresh_from_db()
    assert (ana.consent.version, ana.consent.text) == (2, "A new text.")
    assert [event.consent.version for event in ana.consent_events.order_by("pk")] == [1, 1, 2]


def test_news_is_asked_for_by_a_fresh_link_and_declined_by_any(client: Client, ana: Signature) -> None:
    url = page_of(ana)
    assert client.post(f"{url}news/", {"news": "on"})["Location"] == f"{url}?said=not_fresh#main"
    assert "Yes, send me news" not in client.get(url).content.decode()
    url = page_of(ana, fresh=True)
    assert "Yes, send me news" in client.get(url).content.decode()
    for news, is_wanted in (("on", True), ("on", True), ("off", False)):
        response = client.post(f"{url}news/", {"news": news})
        assert response["Location"] == f"{url}?said=changed#main"
        ana.refresh_from_db()
        assert ana.wants_updates is is_wanted

    assert kinds(ana) == ["ticked", "confirmed", "news_on", "news_off"]
    assert ana.email


def test_there_is_no_news_for_an_address_that_is_no_longer_held(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, visibility="secret", is_confirmed=True)
    url = page_of(signature, fresh=True)

    assert "Yes, send me news" not in client.get(url).content.decode()
    assert client.post(f"{url}news/", {"news": "on"})["Location"] == f"{url}?said=not_changed#main"
    signature.refresh_from_db()
    assert signature.wants_updates is False
