"""Deliveries: who is in one, who agrees to it, how it ends, and that its account stays."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services, tally
from signatures.deliveries import cover, deciding, freezing
from signatures.models import DeliveredSignature, Delivery, DeliveryChange, ErasedNumber, Pack, PackPiece, Signature
from tests.helpers import elsewhere, make_campaign, make_many, make_rows, make_signature

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def staff(name: str = "wayra") -> User:
    return User.objects.get_or_create(username=name)[0]


def make_delivery(campaign: Campaign, **fields: Any) -> Delivery:
    """Made and frozen, waiting for a second person."""
    asked = {"day": timezone.localdate(), "place": "Lima", "volume_megabytes": 10, "letters": cover.draft(campaign)}
    delivery = deciding.make(campaign=campaign, staff=staff(), **asked | fields)
    assert freezing.freeze_next()
    delivery.refresh_from_db()
    return delivery


def approved(campaign: Campaign, **fields: Any) -> Delivery:
    delivery = make_delivery(campaign, **fields)
    assert deciding.approve(delivery_id=delivery.pk, staff=staff("sami"))
    delivery.refresh_from_db()
    return delivery


def numbers_in(delivery: Delivery) -> list[int]:
    return sorted(delivery.delivered.exclude(number=None).values_list("number", flat=True))


def test_a_delivery_holds_what_counts_and_nothing_else(campaign: Campaign) -> None:
    ana = make_signature(campaign, is_confirmed=True)
    secret = make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    make_signature(campaign)
    make_rows(make_campaign("land-for-all"), 1)
    for verb in (services.hold, services.reject):
        other = make_signature(campaign, is_confirmed=True)
        verb(signatures=Signature.objects.filter(pk=other.pk), reason="test", staff=None)
    gone = make_signature(campaign, is_confirmed=True)
    services.withdraw(signature_id=gone.pk)

    delivery = make_delivery(campaign)

    assert dict(delivery.delivered.values_list("signature", "number")) == {ana.pk: 1, secret.pk: None}
    assert (delivery.state, delivery.counted, delivery.before) == ("waiting", 2, 0)
    assert (delivery.signatures, delivery.names, delivery.unnamed) == (2, 1, 1)
    assert delivery.left_out == {"pending": 1, "held": 1, "rejected": 1}


def test_the_preview_says_what_the_delivery_then_holds(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    seen = freezing.preview(campaign)
    delivery = make_delivery(campaign)
    assert (seen.signatures, seen.names, seen.unnamed) == (4, 3, 1)
    assert (delivery.signatures, delivery.names, delivery.unnamed) == (4, 3, 1)


def test_numbers_are_in_random_order(campaign: Campaign) -> None:
    rows = make_rows(campaign, 60)
    delivery = make_delivery(campaign)
    order = list(delivery.delivered.order_by("number").values_list("signature", flat=True))
    assert numbers_in(delivery) == list(range(1, 61))
    assert sorted(order) == [row.pk for row in rows]
    assert order != sorted(order)  # by chance once in 60! times


def test_later_signatures_go_into_the_next_delivery(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    first = make_delivery(campaign)
    late = make_signature(campaign, is_confirmed=True)
    assert freezing.preview(campaign).signatures == 1
    second = make_delivery(campaign)
    assert (first.signatures, second.signatures) == (3, 1)
    assert list(second.delivered.values_list("signature", "number")) == [(late.pk, 1)]
    assert (second.counted, second.before) == (4, 3)


def test_while_people_sign_a_delivery_agrees_with_the_count_of_its_moment(campaign: Campaign) -> None:
    """Signing, withdrawing and folding go on in other connections all the while."""
    rows = make_rows(campaign, 50)
    stop, errors = threading.Event(), []

    def go_on() -> None:
        mine = iter(rows)
        try:
            while not stop.is_set():
                make_signature(campaign, is_confirmed=True)
                services.withdraw(signature_id=next(mine).pk)
                tally.fold()
        except StopIteration:
            pass
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        made = [make_delivery(campaign) for _ in range(12)]
    finally:
        stop.set()
        thread.join()
    assert errors == []
    for delivery in made:
        assert delivery.counted == (delivery.before or 0) + (delivery.signatures or 0)
    assert len({delivery.counted for delivery in made}) > 1  # somebody signed or left in between
    members = DeliveredSignature.objects.count()
    assert members == sum(delivery.signatures or 0 for delivery in made)


def test_who_withdraws_while_a_delivery_is_frozen_does_not_wait(campaign: Campaign) -> None:
    rows = make_rows(campaign, 5)
    asked = {"day": timezone.localdate(), "place": "Lima", "volume_megabytes": 10, "letters": {}, "staff": staff()}
    delivery = deciding.make(campaign=campaign, **asked)

    def withdraw_in_time() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            assert services.withdraw(signature_id=rows[0].pk)

    with transaction.atomic():
        assert freezing.freeze_next()
        elsewhere(withdraw_in_time)
    delivery.refresh_from_db()
    assert delivery.signatures == 5  # of the moment before


def test_two_freezing_at_once_put_nobody_into_both(campaign: Campaign) -> None:
    make_rows(campaign, 500)
    asked = {"day": timezone.localdate(), "place": "Lima", "volume_megabytes": 10, "letters": {}, "staff": staff()}
    for _ in range(2):
        deciding.make(campaign=campaign, **asked)
    barrier = threading.Barrier(2)

    def freeze() -> None:
        try:
            barrier.wait()
            freezing.freeze_next()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=freeze) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while freezing.freeze_next():
        pass
    assert sorted(Delivery.objects.values_list("signatures", flat=True)) == [0, 500]


def test_nobody_approves_what_they_made_themselves(campaign: Campaign) -> None:
    make_rows(campaign, 1)
    delivery = make_delivery(campaign)
    with pytest.raises(deciding.OwnDelivery):
        deciding.approve(delivery_id=delivery.pk, staff=staff())
    assert not Pack.objects.exists()
    assert deciding.approve(delivery_id=delivery.pk, staff=staff("sami"))
    assert not deciding.approve(delivery_id=delivery.pk, staff=staff("illari"))
    assert Pack.objects.get().state == "queued"


def test_a_delivery_of_nobody_is_not_approved(campaign: Campaign) -> None:
    assert not deciding.approve(delivery_id=make_delivery(campaign).pk, staff=staff("sami"))


def test_a_withdrawn_delivery_lets_its_signatures_go_into_the_next(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    first = approved(campaign)
    PackPiece.objects.create(pack=first.packs.get(), number=1, data=b"zip")
    assert deciding.withdraw(delivery_id=first.pk, reason="wrong day", staff=staff())
    assert not deciding.withdraw(delivery_id=first.pk, reason="again", staff=staff())
    first.refresh_from_db()
    assert (first.state, first.withdrawn_for, first.signatures) == ("withdrawn", "wrong day", 3)
    assert not PackPiece.objects.exists()
    assert freezing.preview(campaign).signatures == 3
    assert make_delivery(campaign).signatures == 3
    assert not first.delivered.exists()


@pytest.mark.parametrize("change", [{"place": "Cusco"}, {"signatures": 9}, {"letters": {}}, {"decided_at": None}])
def test_a_delivery_cannot_be_changed(campaign: Campaign, change: dict[str, Any]) -> None:
    make_rows(campaign, 1)
    delivery = approved(campaign)
    with pytest.raises(DatabaseError), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        delivery.delete()


def packed(campaign: Campaign) -> Delivery:
    """With pieces of a pack, as a worker leaves them."""
    delivery = approved(campaign)
    pack = delivery.packs.get()
    Pack.objects.filter(pk=pack.pk).update(state="ready", made_at=timezone.now())
    PackPiece.objects.create(pack=pack, number=1, data=b"zip")
    return delivery


def erase(pk: int) -> None:
    services.erase(signature_id=pk)


def withdraw(pk: int) -> None:
    services.withdraw(signature_id=pk)


def become_secret(pk: int) -> None:
    services.change(signature_id=pk, line=services.Line(name="", country="PE", visibility="secret"))


def reject(pk: int) -> None:
    services.reject(signatures=Signature.objects.filter(pk=pk), reason="test", staff=None)


def rename_by_hand(pk: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE signatures_signature SET name = 'Another Name' WHERE id = %s", [pk])


@pytest.mark.parametrize("act", [erase, withdraw, become_secret, reject, rename_by_hand])
def test_whoever_changes_what_a_pack_says_takes_it_back_at_once(campaign: Campaign, act: Any) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    make_rows(campaign, 2)
    packed(campaign)
    assert Pack.objects.true().exists()
    act(signature.pk)
    assert not PackPiece.objects.exists()
    assert not Pack.objects.true().exists()


def test_what_a_pack_does_not_say_leaves_it(campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True, wants_updates=True)
    packed(campaign)
    services.set_news(signature_id=signature.pk, is_wanted=False)
    line = services.Line(name=signature.name, country="PE", visibility="public")
    services.change(signature_id=signature.pk, line=line, consent=signature.consent)
    make_signature(campaign, is_confirmed=True)
    signature.refresh_from_db()
    assert signature.visibility == "public"
    assert Pack.objects.true().exists()
    assert PackPiece.objects.exists()


def test_of_an_erased_signer_a_number_stays_and_no_way_from_it(campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    make_rows(campaign, 4)
    delivery = make_delivery(campaign)
    number = DeliveredSignature.objects.get(signature=signature).number
    services.erase(signature_id=signature.pk)
    assert DeliveredSignature.objects.get(signature=signature).number is None
    assert list(ErasedNumber.objects.values_list("delivery", "number")) == [(delivery.pk, number)]
    assert not {"signature", "made_at", "at"} & {field.name for field in ErasedNumber._meta.get_fields()}


def test_people_who_take_back_at_once_do_not_wait_for_each_other(campaign: Campaign) -> None:
    """In opposite order within one transaction each: with a row that both write they would lock up."""
    rows = [make_signature(campaign, is_confirmed=True) for _ in range(2)]
    packed(campaign)
    held, released = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                services.withdraw(signature_id=rows[0].pk)
                held.set()
                assert released.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert held.wait(20)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            services.erase(signature_id=rows[1].pk)
    finally:
        released.set()
        thread.join()
    assert DeliveryChange.objects.count() == 2
    assert not PackPiece.objects.exists()


def test_each_of_many_has_a_number_of_its_own(campaign: Campaign) -> None:
    make_many(campaign, 5_000)
    delivery = make_delivery(campaign)
    assert (delivery.signatures, delivery.names, delivery.unnamed) == (5_000, 4_500, 500)
    assert numbers_in(delivery) == list(range(1, 4_501))
