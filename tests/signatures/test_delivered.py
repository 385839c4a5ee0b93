"""What signers and staff see of the delivery that a signature is in."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from signatures import holdings, retention, services
from signatures.deliveries import deciding, handing_over
from signatures.models import DeliveredSignature, Delivery, Pack, Signature
from tests.helpers import log_in, make_campaign, make_rows, make_signature, page_of
from tests.signatures.test_deliveries import approved, make_delivery, staff

pytestmark = pytest.mark.django_db

DAY = date(2026, 12, 10)
NO_WAY_BACK = "What was handed over cannot be called back."


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def ana(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Ana Example", is_confirmed=True)


def hand_over(delivery: Delivery, *, missing: tuple[int, ...] = (), on: date = DAY, **numbers: int) -> Delivery:
    """With a pack as a worker leaves it: of all that were frozen, without those that are missing."""
    pack = delivery.packs.get()
    names = {"names": (delivery.names or 0) - len(missing), "unnamed": delivery.unnamed} | numbers
    Pack.objects.filter(pk=pack.pk).update(state="ready", made_at=timezone.now(), missing=missing, **names)
    facts = handing_over.Facts(
        on=on, how="At the desk", to_whom="Rosa Clerk", receipt_number="RECEIPT-1", case_number="CASE-1"
    )
    assert handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=facts, staff=staff())
    delivery.refresh_from_db()
    return delivery


def number_of(signature: Signature) -> int:
    number = DeliveredSignature.objects.get(signature=signature).number
    assert number is not None
    return number


def words_of(client: Client, signature: Signature, page: str = "") -> str:
    """The page without its markup's line breaks."""
    return " ".join(client.get(f"{page_of(signature)}{page}").content.decode().split())


def become_secret(signature: Signature) -> None:
    services.change(signature_id=signature.pk, line=services.Line(name="", country="PE", visibility="secret"))


@pytest.mark.parametrize("page", ["", "withdraw/", "erase/"])
def test_who_is_in_no_delivery_reads_nothing_of_one(
    client: Client, campaign: Campaign, ana: Signature, page: str
) -> None:
    hand_over(approved(campaign))
    late = make_signature(campaign, is_confirmed=True)

    html = words_of(client, late, page)

    assert "handed over to the" not in html
    assert NO_WAY_BACK not in html


@pytest.mark.parametrize("page", ["", "withdraw/", "erase/"])
def test_until_a_delivery_is_handed_over_it_heeds_what_its_signers_change(
    client: Client, campaign: Campaign, ana: Signature, page: str
) -> None:
    make_delivery(campaign, day=DAY)

    html = words_of(client, ana, page)

    assert (
        "Your signature is in a delivery to the Ministry of Water that is being prepared for Dec. 10, 2026, with your"
        " name and country. If you withdraw or erase it before the list leaves us, or choose to be counted only, that"
        " holds for this delivery too."
    ) in html
    assert NO_WAY_BACK not in html


def test_who_is_counted_only_reads_that_a_number_is_to_be_handed_over(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    secret = make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    make_delivery(campaign, day=DAY)
    become_secret(ana)

    for signature in (secret, ana):
        html = words_of(client, signature)
        assert "is being prepared for Dec. 10, 2026, as a number only." in html
        assert "with your name and country" not in html


def test_who_does_not_count_any_more_reads_nothing_of_a_delivery_that_is_prepared(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    make_delivery(campaign, day=DAY)
    services.withdraw(signature_id=ana.pk)
    assert "being prepared" not in words_of(client, ana)


def test_a_withdrawn_delivery_holds_nobody(client: Client, campaign: Campaign, ana: Signature) -> None:
    delivery = approved(campaign, day=DAY)
    deciding.withdraw(delivery_id=delivery.pk, reason="wrong day", staff=staff())
    assert DeliveredSignature.objects.exists()  # until the next is frozen

    assert "Dec. 10, 2026" not in words_of(client, ana)
    assert holdings.everything(ana)["delivery"] is None


@pytest.mark.parametrize("page", ["", "withdraw/", "erase/"])
def test_whose_name_was_handed_over_reads_the_number_and_what_cannot_be_undone(
    client: Client, campaign: Campaign, ana: Signature, page: str
) -> None:
    hand_over(approved(campaign))

    html = words_of(client, ana, page)

    assert (
        "Your signature was handed over to the Ministry of Water on Dec. 10, 2026, with your name and country, as"
        f" number {number_of(ana)} of the list."
    ) in html
    assert (
        f"{NO_WAY_BACK} If you withdraw or erase your signature, or choose to be counted only, your name stays out of"
        " every later list, and we tell the addressee your number, without your name."
    ) in html
    assert ("What was handed over keeps your name" in html) == (page == "")


def test_the_page_in_spanish_names_the_addressee_in_its_own_words(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    campaign.texts.filter(language="es").update(addressee="Ministerio del Agua")
    hand_over(approved(campaign))
    url = page_of(ana).replace("/en/", "/es/")
    assert "Ministerio del Agua" in client.get(url).content.decode()


def test_the_page_in_a_language_without_words_still_says_it(client: Client, campaign: Campaign, ana: Signature) -> None:
    hand_over(approved(campaign))
    campaign.texts.filter(language="en").delete()
    assert "handed over to the addressee on Dec. 10, 2026" in words_of(client, ana)


@pytest.mark.parametrize("act", ["withdraw", "become_secret", "reject"])
def test_who_takes_a_name_back_afterwards_reads_that_the_addressee_is_told_the_number(
    client: Client, campaign: Campaign, ana: Signature, act: str
) -> None:
    delivery = hand_over(approved(campaign))
    if act == "withdraw":
        services.withdraw(signature_id=ana.pk)
    elif act == "become_secret":
        become_secret(ana)
    else:
        services.reject(signatures=Signature.objects.all(), reason="test", staff=None)

    html = words_of(client, ana)

    assert f"as number {number_of(ana)} of the list." in html
    assert f"{NO_WAY_BACK} Your name stays out of every later list, and we tell the addressee your number" in html
    assert "If you withdraw or erase your signature" not in html
    assert [number for number, _why in handing_over.taken_back(delivery)] == [number_of(ana)]


def test_who_is_counted_only_reads_that_a_number_was_handed_over(client: Client, campaign: Campaign) -> None:
    secret = make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    hand_over(approved(campaign))

    html = words_of(client, secret)

    assert "was handed over to the Ministry of Water on Dec. 10, 2026 as a number only, without your name." in html
    assert f"{NO_WAY_BACK} It does not say who you are." in html
    services.withdraw(signature_id=secret.pk)
    assert "as a number only" in words_of(client, secret)


def test_who_became_counted_only_before_the_pack_was_handed_over_as_a_number(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    delivery = approved(campaign)
    become_secret(ana)
    hand_over(delivery, missing=(number_of(ana),), unnamed=1)

    html = words_of(client, ana)

    assert "as a number only, without your name." in html
    assert "of the list" not in html
    assert "we tell the addressee" not in html


def test_who_withdrew_before_the_pack_reads_that_nothing_was_handed_over(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    make_rows(campaign, 1)
    delivery = approved(campaign)
    services.withdraw(signature_id=ana.pk)
    hand_over(delivery, missing=(number_of(ana),))

    html = words_of(client, ana)

    assert "it is not in the delivery that was handed over to the Ministry of Water on Dec. 10, 2026." in html
    assert NO_WAY_BACK not in html


def test_who_was_held_while_the_pack_was_made_reads_that_the_name_is_not_in_it(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    make_rows(campaign, 1)
    delivery = approved(campaign)
    services.hold(signatures=Signature.objects.filter(pk=ana.pk), reason="test", staff=None)
    hand_over(delivery, missing=(number_of(ana),))
    for _ in range(2):
        assert "Your name is not in the delivery that was handed over" in words_of(client, ana)
        services.release(signatures=Signature.objects.filter(pk=ana.pk), reason="found_good", staff=None)


def test_who_was_erased_afterwards_reads_the_day_and_no_number(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    hand_over(approved(campaign))
    services.erase(signature_id=ana.pk)

    response = client.get(page_of(ana))
    html = " ".join(response.content.decode().split())

    assert response.status_code == 410
    assert (
        "It was in a delivery that was handed over to the Ministry of Water on Dec. 10, 2026. If it had a line in"
        " the list, we tell the addressee its number, without a name."
    ) in html
    assert "Lists that were handed over before cannot be called back." in html


def test_who_was_erased_in_a_month_before_the_pack_reads_nothing_of_it(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    make_rows(campaign, 1)
    delivery = approved(campaign)
    number = number_of(ana)
    services.erase(signature_id=ana.pk)
    assert "handed over to the" not in words_of(client, ana)  # it is not handed over yet
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        hand_over(delivery, missing=(number,))
    assert "handed over to the" not in words_of(client, ana)


def test_when_names_end_the_delivery_is_told_and_nothing_of_a_number(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    hand_over(approved(campaign))
    retention.end([ana.pk])

    html = words_of(client, ana)

    assert "It still counts." in html
    assert "It is in the delivery that was handed over to the Ministry of Water on Dec. 10, 2026." in html
    assert "we tell the addressee" not in html


def test_the_copy_says_what_was_handed_over(client: Client, campaign: Campaign, ana: Signature) -> None:
    late = make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    assert json.loads(client.get(f"{page_of(ana, fresh=True)}data.json").content)["delivery"] is None
    delivery = approved(campaign, day=DAY)
    prepared = holdings.everything(Signature.objects.get(pk=ana.pk))["delivery"]
    hand_over(delivery, on=DAY + timedelta(days=1))

    copies = [json.loads(client.get(f"{page_of(one, fresh=True)}data.json").content)["delivery"] for one in (ana, late)]

    named = {"prepared_for": "2026-12-10", "number": number_of(ana), "how": "with name and country"}
    assert prepared == {**named, "handed_over_on": None}
    assert copies == [
        {**named, "handed_over_on": "2026-12-11"},
        {
            "prepared_for": "2026-12-10",
            "handed_over_on": "2026-12-11",
            "number": None,
            "how": "as a number only",
        },
    ]


def test_the_copy_that_staff_pass_on_leaves_out_a_number_that_leads_to_a_name_taken_back(
    campaign: Campaign, ana: Signature
) -> None:
    hand_over(approved(campaign))
    (before,) = holdings.copies_by_staff(Signature.objects.all())
    become_secret(ana)
    (after,) = holdings.copies_by_staff(Signature.objects.all())
    assert before["delivery"]["number"] == number_of(ana)
    assert after["delivery"]["number"] == holdings.LEFT_OUT


@pytest.mark.parametrize("n", [1, 30])
def test_copies_by_staff_ask_about_deliveries_once(campaign: Campaign, n: int) -> None:
    make_rows(campaign, n)
    hand_over(approved(campaign))
    with CaptureQueriesContext(connection) as captured:
        copies = holdings.copies_by_staff(Signature.objects.all())
    assert sorted(copy["delivery"]["number"] for copy in copies) == list(range(1, n + 1))
    assert len([query for query in captured if "signatures_delivery" in query["sql"]]) == 1


def test_the_own_page_asks_about_a_delivery_once(client: Client, campaign: Campaign, ana: Signature) -> None:
    hand_over(approved(campaign))
    with CaptureQueriesContext(connection) as captured:
        client.get(page_of(ana))
    assert len([query for query in captured if "signatures_deliver" in query["sql"]]) == 1


@pytest.fixture
def moderator() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("reader"))
    return client


def stamp(moderator: Client, signature: Signature) -> str:
    url = reverse("admin:signatures_signature_change", args=[signature.pk])
    html = moderator.get(url).content.decode()
    _before, _field, after = html.partition("field-stamp")
    return after.partition('<div class="readonly">')[2].partition("</div>")[0]


def test_staff_see_the_stamp_and_no_number_that_leads_to_a_name_taken_back(
    moderator: Client, campaign: Campaign, ana: Signature
) -> None:
    secret = make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    assert stamp(moderator, ana) == ""
    delivery = approved(campaign, day=DAY)
    assert stamp(moderator, ana) == "delivery of Dec. 10, 2026, not handed over yet"
    hand_over(delivery, on=DAY + timedelta(days=1))
    handed_over = "delivery of Dec. 10, 2026, handed over on Dec. 11, 2026"
    assert stamp(moderator, ana) == f"{handed_over}: number {number_of(ana)} of the list"
    assert stamp(moderator, secret) == f"{handed_over}: as a number only"
    become_secret(ana)
    assert stamp(moderator, ana) == handed_over
    services.erase(signature_id=ana.pk)
    assert stamp(moderator, ana) == f"{handed_over}: erased, and nothing tells any more as what"
