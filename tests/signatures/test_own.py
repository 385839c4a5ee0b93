"""The signer's own page: what an ordinary link shows, what one fresh from the mailbox shows, and what opens nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services, tokens
from signatures.models import ExportRecord, Signature
from tests.helpers import make_campaign, make_signature, page_of

LINE = {"name": "Somebody Else", "country": "BO", "visibility": "secret"}


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def ana(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Ana Example", email="ana.example@example.org", is_confirmed=True)


def test_an_ordinary_link_shows_the_signature_and_hides_most_of_the_address(client: Client, ana: Signature) -> None:
    page = client.get(page_of(ana))

    assert page.status_code == 200
    html = page.content.decode()
    assert "<strong>Counted.</strong>" in html
    assert "<bdi>Ana Example</bdi>, PE" in html
    assert "a…e@example.org" in html
    assert "ana.example@example.org" not in html
    assert "data.json" not in html
    assert "Write to the new address" not in html
    assert 'value="public"' not in html
    assert 'href="/en/water-for-all/signature/"' in html
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert page["Referrer-Policy"] == "same-origin"


def test_a_fresh_link_shows_and_can_do_everything_for_an_hour(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)

    html = client.get(url).content.decode()
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        later = client.get(url).content.decode()

    for words in ("ana.example@example.org", "data.json", "Write to the new address", 'value="public"'):
        assert words in html
        assert words not in later
    assert "Send me a new link" not in html
    assert "Send me a new link" in later


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (services.hold, "Held for review. It is not counted until somebody has looked at it."),
        (services.reject, "Not counted: it was rejected in review."),
    ],
)
def test_it_says_what_review_has_decided_and_why(client: Client, ana: Signature, act: object, sentence: str) -> None:
    act(signatures=Signature.objects.all(), reason="Many at once <from> one place.", staff=None)  # type: ignore[operator]

    html = client.get(page_of(ana)).content.decode()

    assert f"<strong>{sentence}</strong> Reason: Many at once &lt;from&gt; one place." in html
    assert "nothing at the moment" in html

    for verb in (services.release, services.restore):
        verb(signatures=Signature.objects.all(), reason="found_good", staff=None)
    html = client.get(page_of(ana)).content.decode()
    assert "<strong>Counted.</strong>" in html
    assert "Reason:" not in html


def test_it_says_what_of_a_secret_signature_is_handed_over_and_kept(client: Client, campaign: Campaign) -> None:
    html = client.get(page_of(make_signature(campaign, visibility="secret", is_confirmed=True))).content.decode()

    assert "one more signature, without a name" in html
    assert "none, but a coded fingerprint of it" in html


@pytest.mark.parametrize("page", ["", "withdraw/", "erase/"])
def test_it_says_when_lists_were_made_that_cannot_be_called_back(client: Client, ana: Signature, page: str) -> None:
    warning = "If your line was in one of them, it cannot be called back"

    def make_list(preset: str, days: int) -> None:
        at = timezone.now() + timedelta(days=days)
        ExportRecord.objects.create(
            campaign=ana.campaign, preset=preset, purpose="Test", staff=None, started_at=at, finished_at=at
        )

    make_list("addressee", -2)  # before this signature was confirmed
    make_list("internal", 2)
    assert warning not in client.get(f"{page_of(ana)}{page}").content.decode()
    make_list("addressee", 1)
    assert warning in client.get(f"{page_of(ana)}{page}").content.decode()


def test_it_shows_what_was_agreed_to(client: Client, ana: Signature) -> None:
    html = client.get(page_of(ana)).content.decode()

    assert "agreed when signing – name and country handed over (text version 1)" in html
    assert "I agree that Example Organisation counts my signature." in html
    assert ana.consent.sha256 in html


def test_a_broken_key_opens_nothing(client: Client, ana: Signature) -> None:
    key = tokens.PageKey(ana.pk, 0).make()
    fresh = tokens.PageKey(ana.pk, 0, is_fresh=True).make()
    for token in ("x", key[:-1], fresh.replace(".f:", ".r:"), key.replace(".r:", ".f:"), tokens.CONFIRM.make(ana.pk)):
        for page in ("", "data.json", "withdraw/", "erase/"):
            assert client.get(f"/en/signature/{token}/{page}").status_code == 404
        for page in ("change/", "news/", "address/", "second-look/", "withdraw/", "erase/"):
            assert client.post(f"/en/signature/{token}/{page}", LINE).status_code == 404
    ana.refresh_from_db()
    assert (ana.state, ana.visibility) == ("confirmed", "delivered")


def test_a_key_of_an_earlier_generation_opens_nothing(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)
    Signature.objects.update(link_generation=1)

    for page in ("", "data.json", "withdraw/", "erase/"):
        assert client.get(f"{url}{page}").status_code == 410
    for page in ("change/", "news/", "address/", "second-look/", "withdraw/", "erase/"):
        assert client.post(f"{url}{page}", LINE).status_code == 410
    ana.refresh_from_db()
    assert (ana.state, ana.visibility) == ("confirmed", "delivered")


def test_what_changes_something_takes_a_post_and_leads_back_otherwise(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)
    for page in ("change/", "news/", "address/", "second-look/"):
        response = client.get(f"{url}{page}")
        assert (response.status_code, response["Location"]) == (303, f"{url}#main")
        assert client.put(f"{url}{page}").status_code == 405


def test_posts_from_other_sites_are_refused(client: Client, ana: Signature) -> None:
    for page in ("change/", "news/", "second-look/", "withdraw/", "erase/"):
        response = client.post(f"{page_of(ana)}{page}", LINE, headers={"Sec-Fetch-Site": "cross-site"})
        assert response.status_code == 403
    ana.refresh_from_db()
    assert ana.state == "confirmed"
