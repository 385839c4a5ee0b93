"""Addresses that get no letters: how a hard bounce puts them there, what they still get, and how staff lift it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, letters, suppression
from signatures.models import Letter, Suppression
from tests.helpers import log_in, make_campaign, make_signature
from tests.smtp import Server, mail_server

URL = "/admin/signatures/suppression/"


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


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("helper", password="a password of some length", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


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


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gone@example.org", 1),
        ("  Gone@EXAMPLE.org ", 1),
        ("gone", 0),
        ("example.org", 0),
        ("one@example.org", 0),
        ("user@b%C3%BCcher.example", 1),
    ],
)
def test_staff_find_a_typed_address_and_never_a_part_of_one(db: None, typed: str, found: int) -> None:
    suppress("gone@example.org")
    suppress("user@xn--bcher-kva.example")

    response = staff("view_suppression").get(URL + f"?q={typed}")

    assert response.context["cl"].result_count == found


def test_nobody_adds_or_changes_a_suppression_by_hand_and_its_fingerprint_is_not_shown(db: None) -> None:
    row = suppress("gone@example.org")
    client = staff("view_suppression", "add_suppression", "change_suppression")

    assert client.get(f"{URL}add/").status_code == 403
    assert client.post(f"{URL}{row.pk}/change/", {"reason": "asked"}).status_code == 403
    assert client.post(f"{URL}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    for page in (URL, f"{URL}{row.pk}/change/"):
        html = client.get(page).content.decode()
        assert "a letter was refused for good" in html
        assert bytes(row.fingerprint).hex()[:8] not in html
        assert str(bytes(row.fingerprint))[2:10] not in html


@pytest.mark.parametrize("query", ["fingerprint=x", "fingerprint__startswith=x", "made_at__gte=yesterday"])
def test_an_address_that_no_page_of_ours_has_sent_is_no_500(db: None, query: str) -> None:
    assert staff("view_suppression").get(f"{URL}?{query}", follow=True).status_code in (200, 400)


def test_those_who_may_delete_lift_a_suppression(campaign: Campaign) -> None:
    row = suppress("gone@example.org")

    staff("view_suppression", "delete_suppression").post(f"{URL}{row.pk}/delete/", {"post": "yes"})

    make_signature(campaign, email="gone@example.org")
    assert Letter.objects.get().state == "waiting"


@pytest.mark.parametrize("spelling", ["ana+1@example.org", "ANA+news+2@example.org"])
def test_who_asked_for_no_letters_gets_none_under_any_tag(db: None, spelling: str) -> None:
    suppression.suppress(addresses.suppression_fingerprint("ana@example.org"), Suppression.Reason.ASKED)

    assert suppression.stops(spelling, Letter.Kind.CONFIRMATION)
    assert not suppression.stops("anna@example.org", Letter.Kind.CONFIRMATION)
