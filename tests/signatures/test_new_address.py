"""A new address: asked for with a fresh link, and changed once the new mailbox has confirmed it."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import addresses, services, tally, tokens
from signatures.models import Letter, Seat, Signature
from tests.helpers import make_campaign, make_signature, page_of

NEW = "new@example.org"


@pytest.fixture
def campaign(db: None) -> Campaign:
    cache.clear()
    return make_campaign()


@pytest.fixture
def ana(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Ana Example", email="old@example.org", is_confirmed=True)


def link(signature: Signature, email: str = NEW) -> str:
    return f"/en/address/{tokens.NewAddress(signature.pk, signature.link_generation, email).seal()}/"


# Asking for it


def test_a_fresh_link_writes_to_the_new_address_and_changes_nothing(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)

    response = client.post(f"{url}address/", {"email": "New@Example.org"})

    assert (response.status_code, response["Location"]) == (303, f"{url}?said=address#main")
    letter = Letter.objects.latest("pk")
    assert (letter.kind, letter.state, letter.to) == ("address_change", "waiting", "New@example.org")
    assert (letter.signature, letter.details) == (ana, {"generation": 0})
    ana.refresh_from_db()
    assert (ana.email, ana.link_generation) == ("old@example.org", 0)


def test_an_ordinary_link_and_one_that_was_fresh_write_nothing(client: Client, ana: Signature) -> None:
    was_fresh = page_of(ana, fresh=True)
    before = Letter.objects.count()

    assert client.post(f"{page_of(ana)}address/", {"email": NEW})["Location"].endswith("?said=not_changed#main")
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        assert client.post(f"{was_fresh}address/", {"email": NEW})["Location"].endswith("?said=not_changed#main")

    assert Letter.objects.count() == before


def test_whether_the_new_address_has_signed_is_not_told(client: Client, ana: Signature) -> None:
    make_signature(ana.campaign, name="Ana Example", email="taken@example.org", is_confirmed=True)
    url = page_of(ana, fresh=True)

    answers = [client.post(f"{url}address/", {"email": email}) for email in (NEW, "taken@example.org")]

    assert answers[0].status_code == answers[1].status_code == 303
    assert answers[0]["Location"] == answers[1]["Location"]
    assert list(Letter.objects.filter(kind="address_change").values_list("state", flat=True)) == ["waiting"] * 2


def test_what_is_no_address_comes_back(client: Client, ana: Signature) -> None:
    response = client.post(f"{page_of(ana, fresh=True)}address/", {"email": "new@"})

    assert response.status_code == 422
    assert response.context["address_form"].errors == {"email": ["Enter an email address like name@example.org."]}
    assert not Letter.objects.filter(kind="address_change").exists()


def test_one_network_can_ask_only_so_often(client: Client, ana: Signature) -> None:
    with override_settings(LIMITS=settings.LIMITS | {"page_link": Rate(1, 600)}):
        statuses = [
            client.post(f"{page_of(ana, fresh=True)}address/", {"email": f"p{number}@example.org"}).status_code
            for number in range(2)
        ]

    assert statuses == [303, 429]


# Confirming it


def test_the_link_shows_a_button_and_changes_nothing(client: Client, ana: Signature) -> None:
    page, head = client.get(link(ana)), client.head(link(ana))

    assert (page.status_code, head.status_code) == (200, 200)
    assert "Confirm the new address" in page.content.decode()
    ana.refresh_from_db()
    assert ana.email == "old@example.org"


def test_confirming_moves_the_signature_and_ends_all_earlier_links(client: Client, ana: Signature) -> None:
    url, old_pages = link(ana), [page_of(ana), page_of(ana, fresh=True)]
    services.ask_for_address(signature_id=ana.pk, email="third@example.org")

    response = client.post(url)

    assert response.status_code == 200
    assert "Your address is changed" in response.content.decode()
    ana.refresh_from_db()
    new_fingerprint = addresses.fingerprint(ana.campaign_id, NEW)
    assert (ana.email, bytes(ana.fingerprint or b""), ana.link_generation) == (NEW, new_fingerprint, 1)
    assert tally.count(ana.campaign_id) == 1
    assert [bytes(seat.fingerprint) for seat in Seat.objects.all()] == [new_fingerprint]
    assert [client.get(page).status_code for page in old_pages] == [410, 410]
    assert client.get(page_of(ana)).status_code == 200
    # The receipt brings the new way to the page; nothing waits for the addresses before.
    (letter,) = ana.letters.all()
    assert (letter.kind, letter.state, letter.to) == ("receipt", "waiting", NEW)
    assert bytes(letter.fingerprint or b"") == new_fingerprint


def test_the_address_before_may_sign_again(client: Client, ana: Signature) -> None:
    client.post(link(ana))

    make_signature(ana.campaign, name="Ana Example", email="old@example.org", is_confirmed=True)

    assert tally.count(ana.campaign_id) == 2


def test_a_link_made_before_another_change_is_dead(client: Client, ana: Signature) -> None:
    first, second = link(ana), link(ana, "second@example.org")
    client.post(first)

    for response in (client.post(first), client.get(second), client.post(second)):
        assert response.status_code == 410
    ana.refresh_from_db()
    assert (ana.email, ana.link_generation) == (NEW, 1)


@pytest.mark.parametrize("names", [["Ana Example"], ["Beto Example", "Celia Example"]])
def test_an_address_that_has_signed_takes_no_third_and_no_second_of_that_name(
    client: Client, ana: Signature, names: list[str]
) -> None:
    for name in names:
        make_signature(ana.campaign, name=name, email=NEW, is_confirmed=True)
    seat = Seat.objects.get(signature=ana)

    response = client.post(link(ana))

    assert response.status_code == 409
    assert "This address has signed already." in response.content.decode()
    ana.refresh_from_db()
    assert (ana.email, ana.link_generation) == ("old@example.org", 0)
    assert bytes(Seat.objects.get(signature=ana).fingerprint) == bytes(seat.fingerprint)
    assert tally.count(ana.campaign_id) == len(names) + 1


def test_another_spelling_of_the_same_mailbox_is_no_other_address(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, email="anaexample@gmail.com", is_confirmed=True)

    assert client.post(link(signature, "ana.example+petition@gmail.com")).status_code == 200
    signature.refresh_from_db()
    assert signature.email == "ana.example+petition@gmail.com"


@pytest.mark.parametrize("wants_updates", [False, True])
def test_somebody_counted_only_leaves_an_address_for_news_alone(
    client: Client, campaign: Campaign, wants_updates: bool
) -> None:
    signature = make_signature(campaign, visibility="secret", wants_updates=wants_updates, is_confirmed=True)

    client.post(link(signature))

    signature.refresh_from_db()
    assert signature.email == (NEW if wants_updates else "")
    assert bytes(signature.fingerprint or b"") == addresses.fingerprint(campaign.pk, NEW)
    assert signature.letters.get().to == NEW  # until it has left


def test_the_link_works_for_three_days(client: Client, ana: Signature) -> None:
    url = link(ana)

    with time_machine.travel(timezone.now() + timedelta(days=3, seconds=2)):
        assert client.post(url).status_code == 404
    ana.refresh_from_db()
    assert ana.email == "old@example.org"


@pytest.mark.parametrize("leave", [services.withdraw, services.erase])
def test_a_signature_that_has_left_does_not_move(client: Client, ana: Signature, leave: object) -> None:
    url = link(ana)
    leave(signature_id=ana.pk)  # type: ignore[operator]

    assert (client.get(url).status_code, client.post(url).status_code) == (410, 410)
    ana.refresh_from_db()
    assert ana.email != NEW


def test_a_token_of_another_kind_moves_nothing(client: Client, ana: Signature) -> None:
    for token in ("x", tokens.Handle(ana.pk, NEW).seal(), tokens.PageKey(ana.pk, 0, is_fresh=True).make()):
        assert client.post(f"/en/address/{token}/").status_code == 404
