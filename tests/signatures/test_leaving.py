"""Leaving by one's own page: a withdrawn signature is not counted, an erased person is held nowhere."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import retention, services, tally
from signatures.models import ConsentEvent, Letter, Origin, Seat, Signature
from tests.helpers import form_data, make_campaign, make_signature, page_of

LINE = {"name": "Somebody Else", "country": "BO", "visibility": "delivered"}


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def ana(client: Client, campaign: Campaign) -> Signature:
    """Signed by the form, so that there is an origin too."""
    client.post("/en/water-for-all/sign/", form_data(campaign))
    signature = Signature.objects.get()
    services.confirm(signature_id=signature.pk)
    signature.refresh_from_db()
    return signature


@pytest.mark.parametrize("page", ["withdraw/", "erase/"])
def test_leaving_is_asked_for_twice(client: Client, ana: Signature, page: str) -> None:
    url = f"{page_of(ana)}{page}"

    assert (client.get(url).status_code, client.head(url).status_code) == (200, 200)

    ana.refresh_from_db()
    assert ana.state == "confirmed"
    assert tally.count(ana.campaign_id) == 1


def test_withdrawing_leaves_the_count_at_once_and_the_page_as_it_was(client: Client, ana: Signature) -> None:
    url = page_of(ana)

    response = client.post(f"{url}withdraw/")

    assert (response.status_code, response["Location"]) == (303, f"{url}?said=withdrawn#main")
    assert tally.count(ana.campaign_id) == 0
    ana.refresh_from_db()
    assert (ana.state, ana.name) == ("withdrawn", "Ana Example")
    assert ana.consent_events.latest("pk").kind == "withdrawn"
    assert not Seat.objects.exists()
    html = client.get(response["Location"]).content.decode()
    assert "Withdrawn. It is not counted." in html
    assert "nothing at the moment" in html
    assert f"{url}change/" not in html
    assert f"{url}erase/" in html


def test_nothing_of_a_withdrawn_signature_changes_any_more(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)
    services.withdraw(signature_id=ana.pk)

    assert client.post(f"{url}change/", LINE)["Location"] == f"{url}?said=not_changed#main"
    assert client.post(f"{url}news/", {"news": "on"})["Location"] == f"{url}?said=not_changed#main"
    client.post(f"{url}address/", {"email": "new@example.org"})
    for response in (client.get(f"{url}withdraw/"), client.post(f"{url}withdraw/")):
        assert (response.status_code, response["Location"]) == (303, f"{url}#main")

    ana.refresh_from_db()
    assert (ana.name, ana.wants_updates) == ("Ana Example", False)
    assert ConsentEvent.objects.filter(kind="withdrawn").count() == 1
    assert not Letter.objects.filter(kind="address_change").exists()


def test_erasing_leaves_a_row_without_a_person(client: Client, ana: Signature) -> None:
    services.hold(signatures=Signature.objects.all(), reason="Writes as ana@example.org.", staff=None)
    services.ask_for_page(campaign=ana.campaign, language="en", email=ana.email)
    assert Origin.objects.exists()
    assert ConsentEvent.objects.exists()

    assert client.post(f"{page_of(ana)}erase/").status_code == 303

    ana.refresh_from_db()
    assert (ana.state, ana.country.code, ana.language) == ("withdrawn", "PE", "en")
    assert (ana.name, ana.email, ana.fingerprint, ana.moderation_reason) == ("", "", None, "")
    assert ana.held_at is None
    assert tally.count(ana.campaign_id) == 0
    for model in (Seat, Origin, ConsentEvent):
        assert not model._default_manager.exists()
    (letter,) = Letter.objects.all()
    assert (letter.kind, letter.state, letter.to) == ("erased", "waiting", "ana@example.org")
    # It stands for nobody: neither the row nor the address can be found by it once it has left.
    assert (letter.signature, letter.fingerprint, letter.details) == (None, None, {})


@pytest.mark.parametrize("visibility", ["secret", "delivered"])
def test_erasing_writes_only_to_an_address_that_is_held(client: Client, campaign: Campaign, visibility: str) -> None:
    signature = make_signature(campaign, visibility=visibility, is_confirmed=True)

    client.post(f"{page_of(signature)}erase/")

    kinds = list(Letter.objects.values_list("kind", flat=True))
    assert kinds == ([] if visibility == "secret" else ["erased"])


def test_erasing_one_of_two_people_leaves_the_letters_of_the_other(client: Client, campaign: Campaign) -> None:
    ana, beto = (
        make_signature(campaign, name=name, email="family@example.org", is_confirmed=True)
        for name in ("Ana Example", "Beto Example")
    )
    services.ask_for_page(campaign=campaign, language="en", email="family@example.org")

    client.post(f"{page_of(ana)}erase/")

    beto.refresh_from_db()
    assert (beto.state, beto.letters.count()) == ("confirmed", 2)
    assert list(Letter.objects.filter(kind="page_link").values_list("state", flat=True)) == ["waiting"]
    assert list(Seat.objects.values_list("signature", flat=True)) == [beto.pk]


def test_links_are_dead_after_erasure(client: Client, ana: Signature) -> None:
    url = page_of(ana, fresh=True)
    services.erase(signature_id=ana.pk)

    answers = [client.get(f"{url}{page}") for page in ("", "data.json", "withdraw/", "erase/")]
    answers += [client.post(f"{url}{page}", LINE) for page in ("change/", "news/", "address/", "withdraw/", "erase/")]

    assert {response.status_code for response in answers} == {410}
    for response in answers:
        assert "This signature is erased" in response.content.decode()
        assert "It is not counted" in response.content.decode()
    ana.refresh_from_db()
    assert ana.name == ""
    assert Letter.objects.count() == 1  # the one that says it is done


def test_it_is_said_that_a_signature_still_counts_whose_person_was_erased_after_the_campaigns_end(
    client: Client, ana: Signature
) -> None:
    url = page_of(ana)
    Campaign.objects.update(closes_at=timezone.now() - timedelta(days=11), retention_days=10)
    retention.run()

    response = client.get(url)

    assert response.status_code == 410
    html = response.content.decode()
    assert "It still counts." in html
    assert "It is not counted" not in html
    assert tally.count(ana.campaign_id) == 1


def test_an_attempt_that_nobody_has_confirmed_is_erased_whole(campaign: Campaign) -> None:
    signature = make_signature(campaign)

    assert services.erase(signature_id=signature.pk)

    assert not Signature.objects.exists()
    assert not Letter.objects.exists()
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("leave", [services.withdraw, services.erase])
def test_whoever_has_left_may_sign_again(client: Client, ana: Signature, leave: object) -> None:
    leave(signature_id=ana.pk)  # type: ignore[operator]

    again = make_signature(ana.campaign, name="Ana Example", email="ana@example.org", is_confirmed=True)

    assert again.is_counted
    assert tally.count(ana.campaign_id) == 1
