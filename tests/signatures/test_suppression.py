"""Addresses that get no letters: how a hard bounce puts them there, and what they still get."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, letters, suppression
from signatures.models import Letter, Suppression
from tests.helpers import make_campaign, make_signature
from tests.smtp import Server, mail_server


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def suppress(email: str, reason: str = "bounced") -> Suppression:
    fingerprint = addresses.suppression_fingerprint(email)
    suppression.suppress(fingerprint, reason)
    return Suppression.objects.get(fingerprint=fingerprint, reason=reason)


@pytest.mark.parametrize(
    ("answer", "is_suppressed"),
    [
        ("550 5.1.1 no such user gone@example.org", True),
        ("550 no such user", True),
        ("550 5.7.1 not to this one", False),
        ("552 5.2.2 mailbox full", False),
        ("450 4.1.1 later", False),
    ],
)
def test_an_address_that_does_not_exist_gets_no_later_letter_from_any_campaign(
    server: Server, campaign: Campaign, answer: str, is_suppressed: bool
) -> None:
    server.at_recipient["gone@example.org"] = answer
    make_signature(campaign, email="gone@example.org")
    letters.send_due()
    elsewhere = make_campaign("land-for-all")
    make_signature(elsewhere, email="Gone@example.org")
    make_signature(elsewhere, email="other@example.org")

    first, second, other = Letter.objects.order_by("pk")
    assert (second.state, second.to) == (("suppressed", "") if is_suppressed else ("waiting", "Gone@example.org"))
    assert other.state == "waiting"
    if is_suppressed:
        assert (first.state, first.to) == ("failed", "")
        assert Suppression.objects.get().reason == "bounced"
    else:
        assert not Suppression.objects.exists()


def test_contents_that_are_refused_suppress_nobody(server: Server, campaign: Campaign) -> None:
    server.at_data["person@example.org"] = "550 5.1.1 no such user"
    make_signature(campaign, email="person@example.org")
    letters.send_due()

    assert Letter.objects.get().state == "failed"
    assert not Suppression.objects.exists()


def test_a_bounce_is_forgotten_after_a_month_and_renewed_by_the_next_one(db: None) -> None:
    row = suppress("gone@example.org")
    Suppression.objects.update(made_at=timezone.now() - timedelta(days=31))
    assert not suppression.stops("gone@example.org", "confirmation")

    assert suppress("gone@example.org").pk == row.pk
    assert suppression.stops("gone@example.org", "confirmation")


@pytest.mark.parametrize(
    ("reason", "kind", "is_stopped"),
    [
        ("unsubscribed", "confirmation", False),
        ("unsubscribed", "reminder", True),
        ("asked", "confirmation", True),
        ("bounced", "confirmation", True),
    ],
)
def test_who_unsubscribed_still_gets_what_was_just_asked_for(
    db: None, reason: str, kind: str, is_stopped: bool
) -> None:
    suppress("person@example.org", reason)

    assert suppression.stops("person@example.org", kind) is is_stopped
    assert not suppression.stops("other@example.org", kind)
