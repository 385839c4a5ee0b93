"""A million people are erased in little memory while others sign, and a killed process loses and counts nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet, Sum
from django.utils import timezone

from campaigns.models import Campaign, ConsentText
from petition_site.local.processes import until
from signatures import due, retention, tally
from signatures.models import ConsentEvent, Letter, Origin, RetentionRun, Seat, Signature
from tests.helpers import env_beside, make_campaign, make_signature

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parent.parent.parent
PEOPLE = 1_000_000
KILLED_AFTER = 300_000
GROWTH = 60 * 1024  # kB
LONGEST_WAIT = 5  # seconds for signing and confirming, on two cores that do much else
PATIENCE = 1200  # seconds

# Each person with a seat and a log of consent, each tenth also with a letter and the hashes of a network address.
LOAD = """
WITH people AS (
    INSERT INTO signatures_signature (
        campaign_id, consent_id, state, moderation, moderation_reason, visibility, name, email, country, language,
        wants_updates, fingerprint, created_at, confirmed_at
    )
    SELECT %(campaign)s, %(consent)s, 'confirmed', 'clear', '', 'delivered', 'Person ' || n,
        'person' || n || '@example.org', CASE n %% 3 WHEN 0 THEN 'PE' WHEN 1 THEN 'CL' ELSE 'BO' END, 'es', false,
        sha256(n::text::bytea), now() - interval '1 day', now() - interval '1 day'
    FROM generate_series(1, %(people)s) AS n
    RETURNING *
), seats AS (
    INSERT INTO signatures_seat (campaign_id, signature_id, fingerprint, number, name_fingerprint)
    SELECT campaign_id, id, fingerprint, 1, sha256(name::bytea) FROM people
), events AS (
    INSERT INTO signatures_consentevent (signature_id, kind, consent_id, visibility, at)
    SELECT id, kind, consent_id, visibility, created_at FROM people, unnest(ARRAY['ticked', 'confirmed']) AS kind
), letters AS (
    INSERT INTO signatures_letter (
        campaign_id, signature_id, kind, state, "to", fingerprint, created_at, due_at, sent_at, attempts, error
    )
    SELECT campaign_id, id, 'confirmation', 'sent', '', fingerprint, created_at, created_at, created_at, 1, ''
    FROM people WHERE id %% 10 = 0
)
INSERT INTO signatures_origin (signature_id, day, address, network)
SELECT id, created_at::date, substr(fingerprint, 1, 16), substr(fingerprint, 17, 16) FROM people WHERE id %% 10 = 0
"""

# How many are erased, and how many the record says; and what is left of seats and events: all of one moment.
STATE = """
SELECT
    (SELECT count(*) FROM signatures_signature WHERE campaign_id = %(campaign)s AND fingerprint IS NULL),
    (SELECT sum(people_erased) FROM signatures_retentionrun),
    (SELECT count(*) FROM signatures_seat WHERE campaign_id = %(campaign)s),
    (SELECT count(*) FROM signatures_consentevent WHERE consent_id = %(consent)s)
"""


def ask(query: str, **values: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return tuple(cursor.fetchone() if cursor.description else ())


def erased_so_far() -> int:
    return RetentionRun.objects.aggregate(n=Sum("people_erased"))["n"] or 0


def memory(process: subprocess.Popen[str]) -> int:
    """What a process that runs holds in memory, in kB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "0"))


@contextmanager
def command() -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "manage.py", "keep_retention"]
    with subprocess.Popen(arguments, cwd=ROOT, env=env_beside(), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def people_signing(campaign: Campaign) -> Iterator[list[float]]:
    """Somebody signs and confirms, again and again; how long each had to wait."""
    waits: list[float] = []
    errors: list[Exception] = []
    is_over = threading.Event()

    def sign() -> None:
        try:
            while not is_over.wait(0.05):
                started = time.monotonic()
                make_signature(campaign, is_confirmed=True)
                waits.append(time.monotonic() - started)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=sign)
    thread.start()
    try:
        yield waits
    finally:
        is_over.set()
        thread.join()
    assert errors == []


def assert_walked_by(index: str, rows: QuerySet[Any], by: str) -> None:
    plan = rows.order_by(by).values_list("pk", by)[: retention.BATCH].explain()
    assert f"using {index} " in plan, plan
    assert "Seq Scan on signatures_" not in plan, plan


def assert_no_table_is_scanned(ended: Campaign) -> None:
    """Also when the planner still believes that what is gone is there."""
    for index, rows, by in (
        ("origin_day", due.old_origins(), "day"),
        ("signature_pending", due.unconfirmed(), "created_at"),
        ("letter_over", due.old_letters(), "created_at"),
        ("letter_loose", due.loose_letters(), "created_at"),
        ("signature_address", due.of_ended().filter(campaign=ended), "fingerprint"),
        ("letter_address", due.letters_of_ended().filter(campaign=ended), "fingerprint"),
    ):
        assert_walked_by(index, rows, by)


def test_a_million_people_are_erased_beside_the_signing_and_after_a_kill() -> None:
    ended, living = make_campaign("ended"), make_campaign("living")
    consent = ConsentText.objects.current(ended, "es")
    assert consent is not None
    of_it = {"campaign": ended.pk, "consent": consent.pk}
    ask(LOAD, people=PEOPLE, **of_it)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    assert_no_table_is_scanned(ended)
    Campaign.objects.filter(pk=ended.pk).update(closes_at=timezone.now() - timedelta(days=31), retention_days=30)
    countries = tally.by_country(ended.pk)
    assert sum(countries.values()) == tally.count(ended.pk) == PEOPLE
    started = time.monotonic()

    with people_signing(living) as waits:
        with command() as process:
            assert until(lambda: erased_so_far() >= KILLED_AFTER or process.poll() is not None, PATIENCE)
            process.kill()
        erased, counted, seats, events = ask(STATE, **of_it)
        assert KILLED_AFTER <= erased == counted < PEOPLE
        assert (seats, events) == (PEOPLE - erased, 2 * (PEOPLE - erased))

        with command() as process:
            assert until(lambda: erased_so_far() > counted, PATIENCE)
            at_first = most = memory(process)
            while process.poll() is None:
                most = max(most, memory(process))
                time.sleep(0.5)
            said = process.stdout.read()
    took = time.monotonic() - started

    print(f"{PEOPLE:,} people: {took:.0f} s; {at_first} kB at first, {most} kB at most;", end=" ")
    print(f"{len(waits)} signed meanwhile, {max(waits):.2f} s at the longest")
    assert process.returncode == 0
    assert f"{PEOPLE - counted:>12,} people erased" in said
    assert most - at_first < GROWTH
    assert len(waits) > 100
    assert max(waits) < LONGEST_WAIT
    assert ask(STATE, **of_it) == (PEOPLE, PEOPLE, 0, 0)
    totals = RetentionRun.objects.aggregate(Sum("letters_deleted"), Sum("origins_deleted"), Sum("pending_deleted"))
    assert tuple(totals.values()) == (PEOPLE // 10, PEOPLE // 10, 0)
    people = Signature.objects.filter(campaign=ended)
    assert people.filter(name="", email="", fingerprint=None, state="confirmed").count() == PEOPLE
    for model in (Seat, Letter, Origin, ConsentEvent):
        assert not model.objects.filter(signature__campaign=ended).exists()
        assert model is Origin or model.objects.filter(signature__campaign=living).exists()
    assert tally.by_country(ended.pk) == countries
    assert Signature.objects.counted().filter(campaign=living).count() == tally.count(living.pk) == len(waits)
    assert_no_table_is_scanned(ended)
