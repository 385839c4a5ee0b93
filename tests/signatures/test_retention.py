"""What is deleted and erased when its time has come, and what stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from signatures import retention, services, tally
from signatures.models import Letter, Seat, Signature
from tests.helpers import make_campaign, make_rows, make_signature


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def age(signature: Signature, *, sent: timedelta | None, signed: timedelta = timedelta(days=15)) -> None:
    """Makes a signature as old as that; `sent` is how long ago its letter left, None where it is still waiting."""
    Signature.objects.filter(pk=signature.pk).update(created_at=timezone.now() - signed)
    if sent is not None:
        signature.letters.update(state="sent", to="", sent_at=timezone.now() - sent)


def test_pending_signatures_are_deleted_two_weeks_after_their_letter_left(campaign: Campaign) -> None:
    gone, late_letter, waiting, recent, confirmed = (make_signature(campaign) for _ in range(5))
    age(gone, sent=timedelta(days=14, minutes=1))
    age(late_letter, sent=timedelta(days=13))
    age(waiting, sent=None)
    age(recent, sent=timedelta(days=13), signed=timedelta(days=13))
    age(confirmed, sent=timedelta(days=20))
    services.confirm(signature_id=confirmed.pk)

    assert retention.run() == 1

    assert not Signature.objects.filter(pk=gone.pk).exists()
    assert not Letter.objects.filter(signature_id=gone.pk).exists()
    assert Signature.objects.count() == 4
    assert retention.run() == 0


def test_people_are_erased_after_the_campaigns_end_and_the_count_stays(campaign: Campaign) -> None:
    confirmed = make_signature(campaign, is_confirmed=True)
    make_signature(campaign)
    withdrawn = make_signature(campaign, is_confirmed=True)
    services.withdraw(signature_id=withdrawn.pk)
    elsewhere = make_signature(make_campaign("land-for-all"), is_confirmed=True)
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=timezone.now() - timedelta(days=10), retention_days=11)
    assert retention.run() == 0

    Campaign.objects.filter(pk=campaign.pk).update(retention_days=10)
    assert retention.run() == 3

    confirmed.refresh_from_db()
    assert (confirmed.name, confirmed.email, confirmed.fingerprint, confirmed.state) == ("", "", None, "confirmed")
    for moment in (confirmed.created_at, confirmed.confirmed_at, confirmed.erased_at):
        local = timezone.localtime(moment)
        assert (local.day, local.hour, local.minute) == (1, 0, 0)
    assert confirmed.withdrawn_at is None
    assert not Signature.objects.pending().filter(campaign=campaign).exists()
    assert not Letter.objects.filter(signature__campaign=campaign).exists()
    assert not Seat.objects.filter(campaign=campaign).exists()
    assert tally.count(campaign.pk) == Signature.objects.counted().filter(campaign=campaign).count() == 1
    elsewhere.refresh_from_db()
    assert elsewhere.email
    assert retention.run() == 0


def test_a_campaign_without_an_end_keeps_its_signatures(campaign: Campaign) -> None:
    Campaign.objects.update(closes_at=None, retention_days=10)
    make_rows(campaign, 1)

    assert retention.run() == 0


def test_retention_works_in_batches_until_all_is_done(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    make_rows(campaign, 5)
    Campaign.objects.update(closes_at=timezone.now() - timedelta(days=2), retention_days=1)

    assert retention.run(seconds=0) == 0
    assert retention.erase_ended() == 2
    assert retention.run() == 3
    assert tally.count(campaign.pk) == 5
