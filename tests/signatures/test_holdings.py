"""The download of everything that is held: complete, and for a link fresh from the mailbox only."""

import json
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Campaign
from signatures import services
from signatures.models import Signature
from tests.helpers import form_data, make_campaign, make_signature, page_of

# What a row holds that says nothing of a person, or that stands elsewhere in the download.
LEFT_OUT = {"campaign", "consent", "fingerprint", "erased_at", "code_tries", "link_generation"}


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def download(client: Client, signature: Signature) -> Any:
    response = client.get(f"{page_of(signature, fresh=True)}data.json")
    assert response.status_code == 200
    return json.loads(response.content)


def test_the_download_takes_a_fresh_link(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    url = page_of(signature)

    response = client.get(f"{url}data.json")

    assert (response.status_code, response["Location"]) == (303, f"{url}?said=not_fresh#main")
    assert "For this you need a new link out of your mailbox." in client.get(response["Location"]).content.decode()


def test_the_download_is_a_file_that_no_cache_keeps(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)

    response = client.get(f"{page_of(signature, fresh=True)}data.json")

    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].startswith('attachment; filename="water-for-all-')
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_the_download_holds_all_that_any_table_holds(client: Client, campaign: Campaign) -> None:
    client.post("/en/water-for-all/sign/", form_data(campaign, name="José Example", updates="on"))
    signature = Signature.objects.get()
    services.confirm(signature_id=signature.pk)
    services.hold(signatures=Signature.objects.all(), reason="To be looked at.", staff=None)
    services.ask_for_second_look(signature_id=signature.pk)
    services.ask_for_page(campaign=campaign, language="en", email="ana@example.org")
    signature.refresh_from_db()

    found = download(client, signature)

    row = found["signature"]
    assert set(row) == {field.name for field in Signature._meta.concrete_fields} - LEFT_OUT
    assert (row["name"], row["email"], row["country"]) == ("José Example", "ana@example.org", "PE")
    assert (row["state"], row["moderation"], row["moderation_reason"]) == ("confirmed", "held", "To be looked at.")
    assert (row["wants_updates"], row["withdrawn_at"]) == (True, None)
    assert row["created_at"] == signature.created_at.isoformat()
    assert found["campaign"] == "water-for-all"
    assert found["address_fingerprint"] == bytes(signature.fingerprint or b"").hex()
    origin = signature.origin
    assert found["network_hashes"] == {
        "day": str(origin.day),
        "address": bytes(origin.address).hex(),
        "network": bytes(origin.network).hex(),
    }
    assert [event["what"] for event in found["consent"]] == ["ticked", "confirmed"]
    assert found["consent"][0]["sha256"] == signature.consent.sha256
    assert found["consent"][0]["words"]["text"] == signature.consent.text
    assert [(letter["kind"], letter["to"]) for letter in found["letters"]] == [
        ("confirmation", "ana@example.org"),
        ("receipt", "ana@example.org"),
        ("page_link", "ana@example.org"),
    ]
    assert [(act["what"], act["reason"]) for act in found["moderation"]] == [("hold", "To be looked at.")]
    (doubt,) = found["doubts"]
    assert (doubt["kind"], doubt["in_words"], doubt["settled_at"]) == (
        "second_look",
        "its signer asks for a second look",
        None,
    )
    assert found["line_for_the_addressee"] == []


def test_the_download_of_somebody_counted_only_shows_where_the_address_still_waits(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign, visibility="secret", email="ana@example.org", is_confirmed=True)

    found = download(client, signature)

    assert (found["signature"]["name"], found["signature"]["email"]) == ("", "")
    assert {letter["to"] for letter in found["letters"]} == {"ana@example.org"}
    signature.letters.update(state="sent", to="")
    assert "ana@example.org" not in json.dumps(download(client, signature))


def test_the_download_holds_nothing_of_anybody_else(client: Client, campaign: Campaign) -> None:
    ana, beto = (
        make_signature(campaign, name=name, email="family@example.org", is_confirmed=True)
        for name in ("Ana Example", "Beto Example")
    )
    make_signature(campaign, name="Celia Example", email="celia@example.org", is_confirmed=True)
    elsewhere = make_campaign("land-for-all")
    make_signature(elsewhere, name="Ana Elsewhere", email="family@example.org", is_confirmed=True)

    whole = json.dumps(download(client, ana))

    assert "Ana Example" in whole
    for words in ("Beto", "Celia", "celia@example.org", "Elsewhere", "land-for-all"):
        assert words not in whole
    assert len(download(client, beto)["letters"]) == 2
