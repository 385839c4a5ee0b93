"""Who is reminded, when, and how often."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, reminders, services, suppression
from signatures.models import Letter, Signature
from tests.helpers import make_campaign, make_signature
from tests.signatures.test_concurrency import at_once


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def sent(*signatures: Signature, ago: timedelta = timedelta(hours=24, minutes=1)) -> None:
    """As if their letters had left so long ago."""
    Letter.objects.filter(signature__in=signatures).update(state="sent", to="", sent_at=Now() - ago)


def written() -> list[tuple[int | None, str]]:
    """The reminders that are to be sent, with the addresses they go to."""
    rows = Letter.objects.waiting().filter(kind="reminder").order_by("signature")
    return list(rows.values_list("signature", "to"))


def test_one_reminder_is_written_a_day_after_the_letter_left(campaign: Campaign) -> None:
    late = make_signature(campaign, email="late@example.org")
    Signature.objects.filter(pk=late.pk).update(language="es")
    early, unsent = make_signature(campaign), make_signature(campaign)
    sent(late)
    sent(early, ago=timedelta(hours=23, minutes=59))
    Letter.objects.filter(signature=unsent).update(created_at=timezone.now() - timedelta(days=3))

    assert reminders.write_due() == 1
    assert reminders.write_due() == 0

    assert written() == [(late.pk, "late@example.org")]
    letter = Letter.objects.get(kind="reminder")
    assert (letter.campaign, letter.language, letter.priority) == (campaign, "es", Letter.LATER)
    assert bytes(letter.fingerprint) == bytes(late.fingerprint)
    assert not letter.needs_reminder
    # Nor does the reminder itself bring another.
    sent(late, ago=timedelta(days=3))
    assert reminders.write_due() == 0


def confirmed(signature: Signature) -> None:
    assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED


def withdrawn(signature: Signature) -> None:
    confirmed(signature)
    services.withdraw(signature_id=signature.pk)


def erased(signature: Signature) -> None:
    services.erase(signature_id=signature.pk)


def erased_after_confirming(signature: Signature) -> None:
    confirmed(signature)
    services.erase(signature_id=signature.pk)
    Letter.objects.filter(kind="erased").delete()


def rejected(signature: Signature) -> None:
    services.reject(signatures=Signature.objects.filter(pk=signature.pk), reason="test", staff=None)


def in_a_draft(signature: Signature) -> None:
    Campaign.objects.update(state="draft")


def confirmed_elsewhere(signature: Signature) -> None:
    """By another attempt with the same address in the same campaign."""
    other = make_signature(signature.campaign, email=signature.email, name="Another Name")
    confirmed(other)
    Letter.objects.filter(signature=other).delete()


def bounced(signature: Signature) -> None:
    suppression.suppress(addresses.suppression_fingerprint(signature.email), "bounced")


def unsubscribed(signature: Signature) -> None:
    suppression.suppress(addresses.suppression_fingerprint(signature.email), "unsubscribed")


@pytest.mark.parametrize(
    "has_become",
    [
        confirmed,
        withdrawn,
        erased,
        erased_after_confirming,
        rejected,
        in_a_draft,
        confirmed_elsewhere,
        bounced,
        unsubscribed,
    ],
)
def test_nobody_is_reminded_who_need_not_or_cannot_confirm_or_wants_no_letter(
    campaign: Campaign, has_become: Callable[[Signature], None]
) -> None:
    signature = make_signature(campaign)
    sent(signature)
    has_become(signature)

    assert reminders.write_due() == 0

    assert written() == []
    assert not Letter.objects.filter(needs_reminder=True).exists()


def held(signature: Signature) -> None:
    services.hold(signatures=Signature.objects.filter(pk=signature.pk), reason="test", staff=None)


def in_a_closed_campaign(signature: Signature) -> None:
    Campaign.objects.update(state="closed", closes_at=timezone.now() - timedelta(hours=1))


def confirmed_in_another_campaign(signature: Signature) -> None:
    make_signature(make_campaign("land-for-all"), email=signature.email, is_confirmed=True)
    Letter.objects.exclude(signature=signature).delete()


@pytest.mark.parametrize("has_become", [held, in_a_closed_campaign, confirmed_in_another_campaign])
def test_those_who_can_still_confirm_are_reminded(campaign: Campaign, has_become: Callable[[Signature], None]) -> None:
    signature = make_signature(campaign)
    sent(signature)
    has_become(signature)

    assert reminders.write_due() == 1
    assert written() == [(signature.pk, signature.email)]
    assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED


def test_an_address_is_reminded_once_however_often_it_signed(campaign: Campaign) -> None:
    attempts = [make_signature(campaign, email="often@example.org", name=f"Name {n}") for n in range(3)]
    sent(*attempts)

    assert reminders.write_due() == 1
    assert len(written()) == 1

    late = make_signature(campaign, email="often@example.org", name="Name 4")
    sent(late)
    assert reminders.write_due() == 0


def test_it_goes_on_in_batches_until_all_is_done(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH", 2)
    sent(*(make_signature(campaign) for _ in range(5)))

    assert reminders.write_due(seconds=0) == 0
    assert reminders.write_batch() == (2, 2)
    assert reminders.write_due() == 3


@pytest.mark.parametrize("n", [1, 10])
def test_looking_at_those_who_have_confirmed_takes_as_many_queries_for_ten_as_for_one(
    campaign: Campaign, django_assert_num_queries: Callable[[int], object], n: int
) -> None:
    sent(*(make_signature(campaign, is_confirmed=True) for _ in range(n)))

    with django_assert_num_queries(5):  # type: ignore[attr-defined]  # two of them begin and end the transaction
        assert reminders.write_batch() == (n, 0)


@pytest.mark.django_db(transaction=True)
def test_several_at_once_write_one_reminder_for_each_address(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make_campaign()
    monkeypatch.setattr(reminders, "BATCH", 3)
    signatures = [make_signature(campaign, email=f"p{n % 4}@example.org", name=f"Name {n}") for n in range(16)]
    sent(*signatures)

    results = at_once([reminders.write_due] * 4)

    assert sum(results) == 4
    assert sorted(to for _pk, to in written()) == [f"p{n}@example.org" for n in range(4)]
    assert not Letter.objects.filter(needs_reminder=True).exists()


@pytest.mark.django_db(transaction=True)
def test_a_signature_that_somebody_holds_is_left_for_the_next_time() -> None:
    campaign = make_campaign()
    in_hand, free = make_signature(campaign), make_signature(campaign)
    sent(in_hand, free)

    with transaction.atomic():
        Signature.objects.select_for_update().get(pk=in_hand.pk)
        assert at_once([reminders.write_due]) == [1]
    assert written() == [(free.pk, free.email)]

    assert reminders.write_due() == 1


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_another_letter_meanwhile_waits_for_nobody_who_waits_for_them() -> None:
    """A letter locks its address and points to its signature, which the reminders hold: no deadlock."""
    campaign = make_campaign()
    signatures = [make_signature(campaign, email=f"p{n}@example.org") for n in range(20)]
    sent(*signatures)
    done = threading.Event()

    def resend() -> int:
        n = 0
        while not done.is_set():
            for signature in signatures:
                services.resend(campaign=campaign, language="en", signature_id=signature.pk)
                n += 1
        return n

    def remind() -> int:
        try:
            return sum(look_again() for _ in range(20))
        finally:
            done.set()

    def look_again() -> int:
        Letter.objects.filter(kind="reminder").delete()
        Letter.objects.filter(kind="confirmation", state="sent").update(needs_reminder=True)
        return reminders.write_due()

    reminded, asked = at_once([remind, resend])

    assert reminded == 20 * 20
    assert asked > 0
