"""Putting letters into the outbox: as many as an address can bear, with the same work whatever becomes of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, outbox, suppression
from signatures.models import Letter, Suppression
from tests.helpers import make_campaign

Kind = Letter.Kind
CAPS = [(kind, cap.n, cap.age) for kind, cap in outbox.CAPS.items()]


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def write(campaign: Campaign, kind: Kind = Kind.CONFIRMATION, email: str = "ana@example.org", **fields: Any) -> Letter:
    fingerprint = None if kind is Kind.ERASED else addresses.fingerprint(campaign.pk, addresses.canonical(email))
    return outbox.write(kind, campaign_id=campaign.pk, language="en", to=email, fingerprint=fingerprint, **fields)


def test_every_kind_but_the_last_letter_has_a_cap() -> None:
    assert set(Kind) - set(outbox.CAPS) == {Kind.ERASED}


@pytest.mark.parametrize(("kind", "n", "age"), CAPS)
def test_an_address_gets_no_more_than_its_cap_in_a_while(
    campaign: Campaign, kind: Kind, n: int, age: timedelta
) -> None:
    states = [write(campaign, kind).state for _ in range(n + 2)]
    assert states == ["waiting"] * n + ["capped"] * 2

    Letter.objects.update(created_at=timezone.now() - age + timedelta(minutes=1))
    assert write(campaign, kind).state == "capped"
    Letter.objects.update(created_at=timezone.now() - age - timedelta(minutes=1))
    assert write(campaign, kind).state == "waiting"


@pytest.mark.parametrize(("kind", "n", "age"), CAPS)
def test_a_cap_holds_for_one_address_one_campaign_and_one_kind(
    campaign: Campaign, kind: Kind, n: int, age: timedelta
) -> None:
    for _ in range(n):
        write(campaign, kind)

    assert write(campaign, kind, "ANA@example.org").state == "capped"
    assert write(campaign, kind, "beto@example.org").state == "waiting"
    assert write(make_campaign("land-for-all"), kind).state == "waiting"
    assert {write(campaign, other).state for other in Kind if other is not kind} == {"waiting"}


def test_letters_that_were_sent_or_refused_count_and_those_never_sent_do_not(campaign: Campaign) -> None:
    for state, expected in (
        ("sent", "capped"),
        ("failed", "capped"),
        ("capped", "waiting"),
        ("suppressed", "waiting"),
        ("nobody", "waiting"),
    ):
        Letter.objects.all().delete()
        write(campaign, Kind.REMINDER)
        Letter.objects.update(state=state)
        assert write(campaign, Kind.REMINDER).state == expected


def test_the_last_letter_has_no_fingerprint_and_no_cap(campaign: Campaign) -> None:
    letters = [write(campaign, Kind.ERASED) for _ in range(5)]

    assert {(letter.state, letter.fingerprint) for letter in letters} == {("waiting", None)}


def test_the_letter_that_somebody_waits_for_goes_first_and_is_looked_after(campaign: Campaign) -> None:
    letters = {kind: write(campaign, kind) for kind in Kind}

    assert [kind for kind, letter in letters.items() if letter.priority == Letter.FIRST] == [Kind.CONFIRMATION]
    assert [kind for kind, letter in letters.items() if letter.needs_reminder] == [Kind.CONFIRMATION]


def suppressed(campaign: Campaign) -> Letter:
    suppression.suppress(addresses.suppression_fingerprint("never@example.org"), Suppression.Reason.ASKED)
    return write(campaign, email="never@example.org", details={"generation": 1})


def capped(campaign: Campaign) -> Letter:
    for _ in range(outbox.CAPS[Kind.CONFIRMATION].n):
        write(campaign)
    return write(campaign, details={"generation": 1})


def for_nobody(campaign: Campaign) -> Letter:
    return write(campaign, is_for_nobody=True, details={"generation": 1})


@pytest.mark.parametrize("path", [suppressed, capped, for_nobody])
def test_a_letter_that_is_not_sent_holds_no_address(campaign: Campaign, path: Any) -> None:
    letter = path(campaign)

    letter.refresh_from_db()
    assert (letter.state, letter.to, letter.details) == (
        {suppressed: "suppressed", capped: "capped", for_nobody: "nobody"}[path],
        "",
        {},
    )
    assert not letter.needs_reminder


def test_every_path_asks_as_much_of_the_database(campaign: Campaign) -> None:
    capped(campaign)
    suppressed(campaign)
    statements = {}
    for path, email, is_for_nobody in (
        ("waiting", "new@example.org", False),
        ("nobody", "unknown@example.org", True),
        ("capped", "ana@example.org", False),
        ("suppressed", "never@example.org", False),
    ):
        with CaptureQueriesContext(connection) as queries:
            letter = write(campaign, email=email, is_for_nobody=is_for_nobody)
        assert letter.state == path
        statements[path] = [query["sql"].split()[0] for query in queries.captured_queries]

    assert statements["waiting"] == ["SELECT", "SELECT", "INSERT"]
    assert all(made == statements["waiting"] for made in statements.values())


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("asked", set(Kind)),
        ("bounced", set(Kind)),
        ("unsubscribed", set(Kind) - Letter.ASKED_FOR),
    ],
)
def test_each_reason_stops_its_letters(campaign: Campaign, reason: str, stopped: set[Kind]) -> None:
    suppression.suppress(addresses.suppression_fingerprint("ana@example.org"), Suppression.Reason(reason))

    assert {kind for kind in Kind if suppression.stops("Ana@Example.org", kind)} == stopped
    assert not any(suppression.stops("beto@example.org", kind) for kind in Kind)


def test_a_mailbox_that_was_not_there_may_be_there_later(campaign: Campaign) -> None:
    for reason in ("bounced", "asked"):
        email = f"{reason}@example.org"
        suppression.suppress(addresses.suppression_fingerprint(email), Suppression.Reason(reason))
    Suppression.objects.update(made_at=timezone.now() - timedelta(days=Suppression.BOUNCE_DAYS, minutes=1))

    assert not suppression.stops("bounced@example.org", Kind.CONFIRMATION)
    assert suppression.stops("asked@example.org", Kind.CONFIRMATION)
    # Refused once more, it counts from then on.
    suppression.suppress(addresses.suppression_fingerprint("bounced@example.org"), Suppression.Reason.BOUNCED)
    assert suppression.stops("bounced@example.org", Kind.CONFIRMATION)
