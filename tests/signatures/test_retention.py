"""What is deleted and erased when its time has come, and what stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from signatures import due, retention, services, tally
from signatures.models import (
    Cluster,
    ConsentEvent,
    DaySalt,
    Letter,
    ModerationAct,
    Origin,
    RetentionRun,
    Rule,
    Seat,
    Signature,
    Suppression,
)
from signatures.visibility import Output, entitled
from tests.helpers import make_campaign, make_rows, make_signature

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
KEPT = (Cluster, ConsentEvent, DaySalt, Letter, Origin, Rule, Seat, Signature)


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def contents() -> dict[str, list[Any]]:
    """All that the tables hold that retention touches."""
    rows = {model.__name__: model._default_manager.order_by("pk").values() for model in KEPT}
    return {
        name: [{k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()} for row in values]
        for name, values in rows.items()
    }


def run() -> dict[str, int]:
    """Runs until nothing is due; answers the day's record, without the columns that are 0."""
    retention.run(seconds=60)
    return recorded()


def recorded() -> dict[str, int]:
    row = RetentionRun.objects.values().get()
    return {name: n for name, n in row.items() if name not in ("day", "last_run_at") and n}


def age(signature: Signature, *, signed: timedelta, sent: timedelta | None) -> Signature:
    """Makes a signature and its letter as old as that; `sent` is how long ago it left, None where it still waits."""
    now = timezone.now()
    Signature.objects.filter(pk=signature.pk).update(created_at=now - signed)
    signature.letters.update(created_at=now - signed)
    if sent is not None:
        signature.letters.update(state="sent", to="", sent_at=now - sent)
    return signature


def write_letter(campaign: Campaign, written: timedelta, **fields: Any) -> Letter:
    return Letter.objects.create(
        **{"campaign": campaign, "kind": "page_link", "state": "sent", "created_at": timezone.now() - written} | fields
    )


def make_origin(signature: Signature, days_ago: int) -> Origin:
    day = timezone.now().date() - days_ago * DAY
    return Origin.objects.create(signature=signature, day=day, address=b"a" * 16, network=b"n" * 16)


def make_cluster(campaign: Campaign, days_ago: int) -> Cluster:
    now = timezone.now()
    numbers, moments = dict.fromkeys(("n", "counted", "held"), 20), dict.fromkeys(("first_at", "last_at"), now)
    day = now.date() - days_ago * DAY
    return Cluster.objects.create(campaign=campaign, kind="network", key="00", day=day, **numbers, **moments)


def make_rule(kind: str, ended: timedelta | None) -> Rule:
    ends = timezone.now() - ended if ended else None
    return Rule.objects.create(kind=kind, pattern="x", key="x", action="hold", note="test", expires_at=ends)


def close(campaign: Campaign, ago: timedelta, retention_days: int | None) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=timezone.now() - ago, retention_days=retention_days)


def test_pending_signatures_go_with_all_that_is_theirs_two_weeks_after_their_last_letter_left(
    campaign: Campaign,
) -> None:
    gone = age(make_signature(campaign), signed=15 * DAY, sent=14 * DAY + MINUTE)
    make_origin(gone, days_ago=1)
    write_letter(campaign, DAY, kind="already_signed", signature=gone, sent_at=timezone.now() - DAY)  # has no link
    stay = [
        age(make_signature(campaign), signed=15 * DAY, sent=14 * DAY - MINUTE),
        age(make_signature(campaign), signed=15 * DAY, sent=None),
        age(make_signature(campaign), signed=14 * DAY - MINUTE, sent=14 * DAY - MINUTE),
        age(make_signature(campaign, is_confirmed=True), signed=20 * DAY, sent=20 * DAY),
        age(make_signature(campaign), signed=20 * DAY, sent=20 * DAY),
    ]
    write_letter(campaign, DAY, kind="reminder", signature=stay[-1], sent_at=timezone.now() - 13 * DAY)
    write_letter(campaign, DAY, state="waiting")  # of no signature: its NULL must not hide any
    before = contents()

    assert run() == {"pending_deleted": 1, "letters_deleted": 2, "origins_deleted": 1}

    after = contents()
    assert {row["id"] for row in after["Signature"]} == {signature.pk for signature in stay}
    for name in ("Signature", "Letter", "ConsentEvent"):
        key = "id" if name == "Signature" else "signature_id"
        assert after[name] == [row for row in before[name] if row[key] != gone.pk]
    assert after["Origin"] == []


def test_a_pending_signature_that_never_had_a_letter_goes_two_weeks_after_signing(campaign: Campaign) -> None:
    for signed in (14 * DAY + MINUTE, 14 * DAY - MINUTE):
        age(make_signature(campaign), signed=signed, sent=None).letters.update(state="capped")

    assert run() == {"pending_deleted": 1, "letters_deleted": 1}


def test_a_letter_written_while_its_signature_was_being_taken_saves_it(campaign: Campaign) -> None:
    signature = age(make_signature(campaign), signed=15 * DAY, sent=15 * DAY)
    assert list(due.unconfirmed()) == [signature]
    write_letter(campaign, timedelta(0), state="waiting", signature=signature)

    assert sum(retention.delete_unconfirmed([signature.pk]).values()) == 0
    assert Signature.objects.get() == signature


def test_hashes_of_network_addresses_and_their_salts_go_after_thirty_days(campaign: Campaign) -> None:
    for days in (0, 29, 30, 40):
        make_origin(make_signature(campaign, is_confirmed=True), days_ago=days)
        DaySalt.objects.create(day=timezone.now().date() - days * DAY, salt=b"s" * 32)
    before = contents()

    assert run() == {"origins_deleted": 2, "salts_destroyed": 2}

    days = [timezone.now().date() - 29 * DAY, timezone.now().date()]
    assert sorted(Origin.objects.values_list("day", flat=True)) == days
    assert sorted(DaySalt.objects.values_list("day", flat=True)) == days
    assert contents() | {"Origin": [], "DaySalt": []} == before | {"Origin": [], "DaySalt": []}


def test_clusters_go_after_thirty_days(campaign: Campaign) -> None:
    young, _old = (make_cluster(campaign, days) for days in (29, 30))

    assert run() == {"clusters_deleted": 1}
    assert Cluster.objects.get() == young


def test_rules_that_ended_thirty_days_ago_forget_which_network_or_address_they_were_about(db: None) -> None:
    ages = (30 * DAY + MINUTE, 30 * DAY - MINUTE, None)
    made = {(kind, age): make_rule(kind, age) for kind in ("domain", "address", "network") for age in ages}

    assert run() == {"rules_emptied": 2}

    for (kind, age), rule in made.items():
        rule.refresh_from_db()
        is_emptied = kind != "domain" and age == ages[0]
        left = ("", "", "") if is_emptied else ("x", "x", "test")
        assert (rule.pattern, rule.key, rule.note) == left, (kind, age)


def test_a_refused_address_is_forgotten_after_thirty_days_and_one_that_asked_is_not(db: None) -> None:
    old = timezone.now() - 30 * DAY
    for number, (reason, made_at) in enumerate(
        [("bounced", old), ("bounced", old + MINUTE), ("asked", old), ("unsubscribed", old)]
    ):
        Suppression.objects.create(fingerprint=bytes([number]) * 32, reason=reason, made_at=made_at)

    assert retention.run() == 1

    assert sorted(Suppression.objects.values_list("reason", flat=True)) == ["asked", "bounced", "unsubscribed"]
    assert RetentionRun.objects.get().suppressions_deleted == 1


@pytest.mark.parametrize("state", ["sent", "failed", "capped", "suppressed", "nobody", "blocked", "waiting"])
def test_letters_go_thirty_days_after_they_were_written_unless_they_wait(campaign: Campaign, state: str) -> None:
    signature = age(make_signature(campaign, is_confirmed=True), signed=DAY, sent=DAY)
    pending = age(make_signature(campaign), signed=DAY, sent=DAY)
    old = write_letter(campaign, 30 * DAY + MINUTE, state=state, signature=signature)
    write_letter(campaign, 30 * DAY - MINUTE, state=state, signature=signature)
    write_letter(campaign, 40 * DAY, state=state, signature=pending)
    before = contents()
    goes = state != "waiting"

    assert run() == ({"letters_deleted": 1} if goes else {})

    left = [row for row in before["Letter"] if not (goes and row["id"] == old.pk)]
    assert contents() == before | {"Letter": left}


@pytest.mark.parametrize("state", ["sent", "failed", "nobody", "waiting"])
def test_letters_of_no_signature_go_after_fourteen_days_unless_they_wait(campaign: Campaign, state: str) -> None:
    old = [write_letter(campaign, written, state=state) for written in (14 * DAY + MINUTE, 31 * DAY)]
    recent = write_letter(campaign, 14 * DAY - MINUTE, state=state)
    goes = state != "waiting"

    assert run() == ({"letters_deleted": 2} if goes else {})

    assert set(Letter.objects.all()) == ({recent} if goes else {recent, *old})


def test_after_a_campaigns_end_no_person_is_left_anywhere_and_the_count_stays(campaign: Campaign) -> None:
    confirmed, held, withdrawn = (make_signature(campaign, is_confirmed=True) for _ in range(3))
    pending = make_signature(campaign)
    services.withdraw(signature_id=withdrawn.pk)
    services.hold(signatures=Signature.objects.filter(pk=held.pk), reason="Ana Example is not her name", staff=None)
    for signature in (confirmed, held, withdrawn, pending):
        make_origin(signature, days_ago=1)
    write_letter(campaign, MINUTE, fingerprint=confirmed.fingerprint)
    write_letter(campaign, MINUTE, kind="erased", state="waiting", to="gone@example.org")
    close(campaign, 10 * DAY, retention_days=11)
    elsewhere = make_campaign("land-for-all", closes_at=timezone.now() - 10 * DAY, retention_days=11)
    make_origin(make_signature(elsewhere, is_confirmed=True), days_ago=1)
    make_signature(elsewhere)
    write_letter(elsewhere, MINUTE)
    living = {name: [row for row in rows if belongs_to(row, elsewhere)] for name, rows in contents().items()}
    everything = contents()
    assert run() == {}
    assert contents() == everything

    close(campaign, 10 * DAY, retention_days=10)
    assert run() == {"pending_deleted": 1, "people_erased": 3, "origins_deleted": 4, "letters_deleted": 9}

    left = contents()
    assert {name: rows for name, rows in left.items() if name != "Signature"} == {
        name: rows for name, rows in living.items() if name != "Signature"
    }
    assert [row for row in left["Signature"] if belongs_to(row, elsewhere)] == living["Signature"]
    rows = [row for row in left["Signature"] if not belongs_to(row, elsewhere)]
    assert [(row["id"], row["state"], row["moderation"]) for row in rows] == [
        (confirmed.pk, "confirmed", "clear"),
        (held.pk, "confirmed", "held"),
        (withdrawn.pk, "withdrawn", "clear"),
    ]
    for row in rows:
        empty = {"name": "", "email": "", "moderation_reason": "", "fingerprint": None, "wants_updates": False}
        empty["held_at"] = None
        assert {name: row[name] for name in empty} == empty
        assert row["country"] == "PE"
        for name in ("created_at", "confirmed_at", "erased_at"):
            local = timezone.localtime(row[name])
            assert (local.day, local.hour, local.minute, local.second, local.microsecond) == (1, 0, 0, 0, 0)
    assert [row["withdrawn_at"] is None for row in rows] == [True, True, False]
    assert list(ModerationAct.objects.values_list("action", "how_many", "reason")) == [("hold", 1, "")]
    assert tally.count(campaign.pk) == Signature.objects.counted().filter(campaign=campaign).count() == 1


def belongs_to(row: dict[str, Any], campaign: Campaign) -> bool:
    if "campaign_id" in row:
        return bool(row["campaign_id"] == campaign.pk)
    return Signature.objects.filter(pk=row.get("signature_id"), campaign=campaign).exists()


def test_after_a_campaigns_end_neither_its_page_nor_its_list_has_a_line_without_a_name(campaign: Campaign) -> None:
    for visibility in ("delivered", "public"):
        make_signature(campaign, visibility=visibility, is_confirmed=True)
    close(campaign, ago=10 * DAY, retention_days=9)

    run()

    assert not Signature.objects.latest_public(campaign).exists()
    assert not Signature.objects.filter(visibility__in=entitled(Output.ADDRESSEE)).exists()
    assert tally.count(campaign.pk) == 2


def test_an_act_over_two_campaigns_keeps_its_reason_with_the_signature_that_lives(campaign: Campaign) -> None:
    (gone,) = make_rows(campaign, 1)
    (lives,) = make_rows(make_campaign("land-for-all"), 1)
    services.hold(signatures=Signature.objects.all(), reason="Ana Example twice", staff=None)
    services.hold(signatures=Signature.objects.filter(pk=lives.pk), reason="Still not clear", staff=None)
    services.reject(signatures=Signature.objects.filter(pk=lives.pk), reason="It is clear now", staff=None)
    close(campaign, 10 * DAY, retention_days=1)

    assert run() == {"people_erased": 1}

    reasons = dict(Signature.objects.values_list("pk", "moderation_reason"))
    assert reasons == {gone.pk: "", lives.pk: "It is clear now"}
    acts = ModerationAct.objects.order_by("pk").values_list("reason", flat=True)
    assert list(acts) == ["", "Still not clear", "It is clear now"]


@pytest.mark.parametrize(
    ("ago", "retention_days", "erased"),
    [
        (10 * DAY + MINUTE, 10, 1),
        (10 * DAY - MINUTE, 10, 0),
        (MINUTE, 0, 1),
        (-MINUTE, 0, 0),
        (1000 * DAY, None, 0),
    ],
)
def test_a_campaigns_end_is_its_closing_date_and_the_days_of_retention(
    campaign: Campaign, ago: timedelta, retention_days: int | None, erased: int
) -> None:
    make_rows(campaign, 1)
    close(campaign, ago, retention_days)

    assert run().get("people_erased", 0) == erased


def test_a_campaign_without_an_end_keeps_its_signatures(campaign: Campaign) -> None:
    Campaign.objects.update(closes_at=None, retention_days=10)
    make_rows(campaign, 1)

    assert run() == {}


def test_whoever_was_erased_before_the_end_is_left_as_they_are(campaign: Campaign) -> None:
    services.erase(signature_id=make_signature(campaign, is_confirmed=True).pk)
    before = Signature.objects.values().get()
    close(campaign, 10 * DAY, retention_days=1)

    assert run() == {"letters_deleted": 1}  # the account of the erasure
    assert Signature.objects.values().get() == before
