"""Alarms: a line in the log each time, and one letter a day to staff where there is somebody to write to."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Campaign
from signatures import alarms, held, services, tasks
from signatures.models import Alarm, Signature
from tests.helpers import make_campaign, make_rows

STAFF = override_settings(ALARMS_TO=["one@example.org", "two@example.org"], LANGUAGE_CODE="en")


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def hold(campaign: Campaign, hours: float, **fields: object) -> Signature:
    (row,) = make_rows(
        campaign, 1, **{"moderation": "held", "created_at": timezone.now() - timedelta(hours=hours)} | fields
    )
    return row


@STAFF
def test_held_signatures_that_wait_for_more_than_a_day_raise_the_alarm_once_a_day(
    campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    afternoon = timezone.now().replace(hour=15)  # so that it stays the same day in Lima
    with time_machine.travel(afternoon, tick=False):
        hold(campaign, 23.9)
        assert tasks.raise_alarms() is False
        hold(campaign, 27.5, name="Ana Example")
        hold(campaign, 25)
        hold(campaign, 100, state="withdrawn")
        assert tasks.raise_alarms() is True
        assert tasks.raise_alarms() is True
    with time_machine.travel(afternoon + timedelta(days=1), tick=False):
        assert tasks.raise_alarms() is True

    first, second = mail.outbox
    assert first.to == ["one@example.org", "two@example.org"]
    assert first.subject == "The petition needs you"
    assert "2 signatures have been held for more than a day, one of them for" in first.body
    assert first.body.endswith("/admin/\n")
    lines = [record for record in caplog.records if record.name == "signatures.alarms"]
    assert [record.levelno for record in lines] == [logging.ERROR] * 3
    for text in (first.body, second.body, caplog.text):
        assert "Example" not in text
        assert "@" not in text


def test_hours_late_are_those_of_the_oldest_that_can_still_be_decided_on(campaign: Campaign) -> None:
    assert held.hours_late() is None
    hold(campaign, 99, state="withdrawn")
    hold(campaign, 99, fingerprint=None, erased_at=timezone.now())
    hold(campaign, 99, moderation="rejected")
    hold(campaign, 1)
    assert held.hours_late() is None

    row = hold(make_campaign("land-for-all"), 27.5)

    assert held.hours_late() == 27
    assert held.oldest() == (row.pk, row.created_at)
    assert held.by_age(campaign) == held.Ages(fresh=0, waiting=1, late=0)


@pytest.mark.parametrize("moment", [None, 30])
def test_a_signature_waits_since_it_was_held_however_long_ago_it_was_signed(
    campaign: Campaign, moment: int | None
) -> None:
    """Held before, and found good then, or never."""
    now = timezone.now()
    held_at = moment and now - timedelta(hours=moment)
    make_rows(campaign, 1, created_at=now - timedelta(days=3), held_at=held_at)
    services.hold(signatures=Signature.objects.all(), reason="insult", staff=None)

    assert held.hours_late() is None
    assert tasks.raise_alarms() is False
    assert held.by_age(campaign) == held.Ages(fresh=1, waiting=0, late=0)
    with time_machine.travel(now + timedelta(hours=25, minutes=1)):
        assert held.hours_late() == 25
        assert tasks.raise_alarms() is True


def test_without_anybody_to_write_to_the_alarm_is_in_the_log_only(db: None, caplog: pytest.LogCaptureFixture) -> None:
    assert alarms.raise_alarm("test", "Look.") is False

    assert "Alarm (test): Look." in caplog.text
    assert mail.outbox == []
    assert not Alarm.objects.exists()


@STAFF
@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
def test_an_alarm_that_no_mail_server_took_is_sent_the_next_time(db: None, caplog: pytest.LogCaptureFixture) -> None:
    assert alarms.raise_alarm("test", "Look.") is False
    assert "could not be sent: ConnectionRefusedError" in caplog.text

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        assert alarms.raise_alarm("test", "Look.") is True
        assert alarms.raise_alarm("test", "Look.") is False
        assert alarms.raise_alarm("another", "Look there.") is True
