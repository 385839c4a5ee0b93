"""The thank-you page, which for some minutes can show the name of whoever has just confirmed."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services import publish_consent
from signatures import services, tokens
from signatures.models import ConsentEvent, Signature
from tests.helpers import consent_of, make_campaign, make_signature

URL = "/en/water-for-all/thanks/"
OFFER = "Show your name on the page?"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def confirm(client: Client, campaign: Campaign, **fields: object) -> Signature:
    """Signs, and confirms by the link in this browser."""
    signature = make_signature(campaign, **fields)
    assert client.post(f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/").status_code == 303
    return signature


def visibility_of(signature: Signature) -> str:
    signature.refresh_from_db()
    return signature.visibility


def test_thanks_offers_to_show_the_name_exactly_as_it_would_stand(client: Client, campaign: Campaign) -> None:
    confirm(client, campaign, name="Ana <Example>", country="DE")

    page = client.get(URL)

    html = page.content.decode()
    assert OFFER in html
    assert "<bdi>Ana &lt;Example&gt;</bdi>, Germany" in html
    assert "Show my name and country on the page of this petition too" in html
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


@pytest.mark.parametrize("visibility", ["secret", "public"])
def test_thanks_offers_nothing_to_others(client: Client, campaign: Campaign, visibility: str) -> None:
    signature = confirm(client, campaign, visibility=visibility)

    assert OFFER not in client.get(URL).content.decode()
    client.post(URL)
    assert visibility_of(signature) == visibility
    assert not ConsentEvent.objects.filter(kind="disclosure").exists()


def test_thanks_shows_the_name_with_a_consent_of_its_own(client: Client, campaign: Campaign) -> None:
    signature = confirm(client, campaign, name="Ana Example")
    campaign.texts.filter(language="en").update(consent_text="A new text.")
    publish_consent(campaign=campaign)

    response = client.post(URL)

    assert (response.status_code, response["Location"]) == (303, f"{URL}#main")
    assert visibility_of(signature) == "public"
    event = signature.consent_events.latest("pk")
    assert (event.kind, event.visibility, event.consent) == ("disclosure", "public", consent_of(campaign))
    html = client.get(URL).content.decode()
    assert "Your name is shown on the page of the petition." in html
    assert OFFER not in html
    assert "<bdi>Ana Example</bdi>" in client.get("/en/water-for-all/").content.decode()


def test_thanks_shows_nothing_without_the_cookie(client: Client, campaign: Campaign) -> None:
    signature = confirm(Client(), campaign, name="Ana Example")

    for response in (client.get(URL), client.post(URL)):
        assert response.status_code == 200
        assert OFFER not in response.content.decode()
        assert "Ana Example" not in response.content.decode()
    assert visibility_of(signature) == "delivered"


def test_thanks_offers_it_for_a_quarter_of_an_hour(client: Client, campaign: Campaign) -> None:
    signature = confirm(client, campaign)
    client.cookies["confirmed"]["max-age"] = ""  # a browser that keeps it longer than it was told

    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert OFFER not in client.get(URL).content.decode()
        client.post(URL)
    assert visibility_of(signature) == "delivered"
    assert OFFER in client.get(URL).content.decode()


def test_thanks_takes_no_cookie_of_another_making(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    for value in ("x", tokens.SIGNED_HERE.make(signature.pk), tokens.CONFIRM.make(signature.pk)):
        client.cookies["confirmed"] = value
        assert OFFER not in client.get(URL).content.decode()
        client.post(URL)
    assert visibility_of(signature) == "delivered"


def test_thanks_of_another_campaign_knows_nobody(client: Client, campaign: Campaign) -> None:
    make_campaign("land-for-all")
    signature = confirm(client, campaign, name="Ana Example")

    other = "/en/land-for-all/thanks/"
    assert "Ana Example" not in client.get(other).content.decode()
    client.post(other)
    assert visibility_of(signature) == "delivered"


def test_thanks_knows_nobody_who_has_left_meanwhile(client: Client, campaign: Campaign) -> None:
    signature = confirm(client, campaign, name="Ana Example")
    services.withdraw(signature_id=signature.pk)

    assert "Ana Example" not in client.get(URL).content.decode()
    client.post(URL)
    assert visibility_of(signature) == "delivered"
