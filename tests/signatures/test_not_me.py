""" "This was not me": deletes what nobody has confirmed, and has no power over anything else."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, services, suppression, tokens
from signatures.models import ConsentEvent, Letter, Signature, Suppression
from tests.helpers import make_campaign, make_signature, state_of


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def link(signature: Signature) -> str:
    return f"/en/not-me/{tokens.NOT_ME.make(signature.pk)}/"


def test_not_me_shows_what_it_would_do_and_changes_nothing(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    page, head = client.get(link(signature)), client.head(link(signature))

    assert (page.status_code, head.status_code) == (200, 200)
    assert "Delete this signature" in page.content.decode()
    assert signature.email not in page.content.decode()
    assert state_of(signature) == "pending"


def test_not_me_deletes_the_pending_signature_whole(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    response = client.post(link(signature))

    assert response.status_code == 200
    html = response.content.decode()
    assert "The signature is deleted." in html
    assert "We will not write to this address again." not in html
    assert state_of(signature) == ""
    assert not Letter.objects.exists()
    assert not ConsentEvent.objects.exists()
    assert not Suppression.objects.exists()


def test_not_me_does_the_same_when_it_is_pressed_again(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    client.post(link(signature))

    for response in (client.get(link(signature)), client.post(link(signature), {"never_again": "on"})):
        assert response.status_code == 200
        assert "This signature is no longer here. There is nothing more to do." in response.content.decode()
    assert not Suppression.objects.exists()


def test_never_again_stops_all_letters_to_this_address(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, email="ana@example.org")
    other_attempt = make_signature(campaign, email="ana@example.org", name="Beto Example")
    stranger = make_signature(campaign)

    response = client.post(link(signature), {"never_again": "on"})

    assert "We will not write to this address again." in response.content.decode()
    row = Suppression.objects.get()
    assert (bytes(row.fingerprint), row.reason) == (addresses.suppression_fingerprint("ana@example.org"), "asked")
    # What waits does not leave any more, nor does what is asked for later.
    assert list(other_attempt.letters.values_list("state", "to")) == [("suppressed", "")]
    later = make_signature(campaign, email="Ana@Example.org")
    assert list(later.letters.values_list("state", "to")) == [("suppressed", "")]
    assert suppression.stops("ana@example.org", Letter.Kind.PAGE_LINK)
    assert list(stranger.letters.values_list("state", flat=True)) == ["waiting"]


@pytest.mark.parametrize("leave", [None, services.withdraw])
def test_not_me_has_no_power_over_a_confirmed_signature(client: Client, campaign: Campaign, leave: object) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    if leave:
        leave(signature_id=signature.pk)  # type: ignore[operator]
    before = state_of(signature)

    response = client.post(link(signature), {"never_again": "on"})

    assert response.status_code == 200
    html = response.content.decode()
    assert "This signature was confirmed from your mailbox." in html
    assert 'href="/en/water-for-all/signature/"' in html
    assert state_of(signature) == before
    assert not Suppression.objects.exists()


def test_not_me_rejects_tokens_that_are_broken_old_or_of_another_kind(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    old = link(signature)

    for token in ("x", tokens.NOT_ME.make(signature.pk)[:-1], tokens.CONFIRM.make(signature.pk)):
        assert client.post(f"/en/not-me/{token}/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.CONFIRMATION_MAX_AGE + 1)):
        refused = client.post(old)
    assert refused.status_code == 410
    assert "This link is too old. Nothing has changed." in refused.content.decode()
    assert state_of(signature) == "pending"
