"""The confirmation funnel: each attempt is counted once for each step, by the provider of its address."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign
from signatures import funnel, letters, overview, retention, services, tally
from signatures.models import FunnelDelta, FunnelTally, Letter, Signature
from tests.helpers import make_campaign, make_signature
from tests.smtp import Server, mail_server

GONE = "550 5.1.1 No such user"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.mark.parametrize(
    ("email", "provider"),
    [
        ("ana@gmail.com", "gmail"),
        ("ana@GoogleMail.com", "gmail"),
        ("ana@hotmail.com", "outlook"),
        ("ana@hotmail.es", "outlook"),
        ("ana@live.com.mx", "outlook"),
        ("ana@outlook.com.pe", "outlook"),
        ("ana@yahoo.co.uk", "yahoo"),
        ("ana@me.com", "icloud"),
        ("ana@proton.me", "proton"),
        ("gmail.com@example.org", "other"),
        ("ana@gmail.com.example.org", "other"),
        ("ana@live.example.org", "other"),
        ("", "other"),
    ],
)
def test_a_provider_is_told_by_the_whole_domain(email: str, provider: str) -> None:
    assert funnel.provider_of(email) == provider


def steps() -> dict[tuple[str, str], int]:
    """As they stand in the tally, once all is folded."""
    tally.fold()
    assert not FunnelDelta.objects.exists()
    return {(row.provider, row.step): row.n for row in FunnelTally.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_an_attempt_is_sent_once_whatever_is_sent_again(server: Server, campaign: Campaign) -> None:
    signature = make_signature(campaign, email="ana@gmail.com")
    letters.send_due()
    services.resend(campaign=campaign, language="en", signature_id=signature.pk)
    letters.send_due()
    services.confirm(signature_id=signature.pk)
    services.confirm(signature_id=signature.pk)
    make_signature(campaign, email="ana@gmail.com", name=signature.name)  # gets "you have signed already"
    letters.send_due()

    assert [letter["To"] for letter in server.arrived] == ["ana@gmail.com"] * 4
    assert steps() == {("gmail", "sent"): 1, ("gmail", "confirmed"): 1}


@pytest.mark.django_db(transaction=True)
def test_a_first_letter_that_is_refused_for_good_has_bounced_and_was_not_sent(
    server: Server, campaign: Campaign
) -> None:
    server.at_recipient = {"nobody@gmail.com": GONE, "later@yahoo.com": "450 4.2.1 Later"}
    make_signature(campaign, email="nobody@gmail.com")
    make_signature(campaign, email="later@yahoo.com")
    make_signature(campaign, email="ana@example.org")

    letters.send_due()

    assert Letter.objects.filter(state="waiting").exists()  # the one for later
    assert steps() == {("gmail", "bounced"): 1, ("other", "sent"): 1}


@pytest.mark.django_db
def test_what_expires_is_what_was_sent_and_never_confirmed(campaign: Campaign) -> None:
    for email in ("one@gmail.com", "two@gmail.com", "three@icloud.com", "unsent@gmail.com"):
        make_signature(campaign, email=email)
    long_ago = timezone.now() - timedelta(days=15)
    Signature.objects.update(created_at=long_ago)
    Letter.objects.update(created_at=long_ago, state="sent", sent_at=long_ago)
    Letter.objects.filter(signature__email="unsent@gmail.com").update(state="capped", sent_at=None)

    FunnelTally.objects.create(
        campaign=campaign, day=timezone.localdate() - timedelta(days=60), provider="gmail", step="sent", n=1
    )
    retention.run(seconds=60)

    assert not Signature.objects.exists()
    assert steps() == {("gmail", "expired"): 2, ("icloud", "expired"): 1}
    assert retention.run(seconds=60) == 0
    assert steps() == {("gmail", "expired"): 2, ("icloud", "expired"): 1}


@pytest.mark.django_db
def test_a_confirmation_that_fails_takes_its_step_back_with_it(campaign: Campaign) -> None:
    signature = make_signature(campaign, email="ana@gmail.com")
    make_signature(campaign, email="ana@gmail.com", name=signature.name)
    assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED
    second = make_signature(campaign, email="ana@gmail.com", name=signature.name)
    assert services.confirm(signature_id=second.pk) is services.Confirmation.ADDRESS_IS_TAKEN

    assert steps() == {("gmail", "confirmed"): 1}


@pytest.mark.django_db
def test_the_funnel_holds_no_address_and_points_to_no_signature(campaign: Campaign) -> None:
    make_signature(campaign, email="ana@gmail.com", is_confirmed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM signatures_funneldelta")
        columns = {column.name for column in cursor.description}

    assert columns == {"id", "campaign_id", "day", "provider", "step", "n"}


@pytest.mark.django_db
def test_rates_are_of_what_was_sent_and_of_what_was_tried(campaign: Campaign) -> None:
    today = timezone.localdate()
    for provider, step, n in [
        ("other", "sent", 50),
        ("gmail", "sent", 10),
        ("gmail", "confirmed", 7),
        ("yahoo", "sent", 3),
        ("yahoo", "bounced", 1),
    ]:
        FunnelTally.objects.create(campaign=campaign, day=today, provider=provider, step=step, n=n)
    FunnelDelta.objects.create(campaign=campaign, day=today, provider="gmail", step="confirmed", n=1)
    FunnelTally.objects.create(
        campaign=campaign, day=today - timedelta(days=60), provider="gmail", step="confirmed", n=1000
    )

    rows = overview.providers(campaign)

    assert [row.name for row in rows] == ["gmail", "yahoo", "other"]
    assert [(row.confirmed_of_sent, row.bounced_of_tried) for row in rows] == [(80, 0), (0, 25), (0, 0)]
