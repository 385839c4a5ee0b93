"""The count equals the recount, whatever happens to signatures and in whatever order."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.db import connection, connections, transaction
from django.db.models import Count
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from campaigns.models import Campaign, ConsentText
from signatures import locks, services, tally
from signatures.models import CountDelta, HourTally, ModerationAct, Signature, StateDelta, StateTally, Tally, Total
from tests.helpers import make_campaign, make_rows, make_signature

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ROW = st.integers(min_value=0, max_value=7)


def recount(campaign: Campaign) -> Counter[str]:
    rows = Signature.objects.counted().filter(campaign=campaign).values_list("country").annotate(n=Count("pk"))
    return Counter(dict(rows))


def recount_states(campaign: Campaign) -> dict[tuple[str, str, str], int]:
    rows = Signature.objects.filter(campaign=campaign).values_list("state", "moderation", "language")
    return {(state, moderation, language): n for state, moderation, language, n in rows.annotate(n=Count("pk"))}


class AnythingHappens(RuleBasedStateMachine):
    """Services, plain SQL and folds in any order, over two campaigns."""

    def __init__(self) -> None:
        super().__init__()
        self.campaigns = [make_campaign("water-for-all"), make_campaign("land-for-all")]

    def pick(self, row: int) -> int | None:
        ids = list(Signature.objects.order_by("pk").values_list("pk", flat=True))
        return ids[row % len(ids)] if ids else None

    def sql(self, statement: str, *params: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)

    @rule(
        which=st.integers(0, 1),
        person=st.integers(0, 3),
        name=st.sampled_from(["Ana", "Beto", "Celia"]),
        country=st.sampled_from(["PE", "ES", "BO"]),
        visibility=st.sampled_from(["secret", "delivered"]),
    )
    def sign(self, which: int, person: int, name: str, country: str, visibility: str) -> None:
        make_signature(
            self.campaigns[which], name=name, email=f"p{person}@example.org", country=country, visibility=visibility
        )

    @rule(row=ROW, verb=st.sampled_from([services.confirm, services.withdraw, services.erase]))
    def act(self, row: int, verb: Callable[..., object]) -> None:
        if pk := self.pick(row):
            verb(signature_id=pk)

    @rule(rows=st.sets(ROW), verb=st.sampled_from([services.hold, services.release, services.reject, services.restore]))
    def moderate(self, rows: set[int], verb: Callable[..., object]) -> None:
        ids = {self.pick(row) for row in rows} - {None}
        verb(signatures=Signature.objects.filter(pk__in=ids), reason="test", staff=None)

    @rule(row=ROW, state=st.sampled_from(["confirmed", "withdrawn", "pending"]))
    def set_state_by_sql(self, row: int, state: str) -> None:
        moment = "NULL" if state == "pending" else "now()"
        self.sql(
            f"UPDATE signatures_signature SET state = %s, confirmed_at = {moment} WHERE id = %s"
            " AND fingerprint IS NOT NULL",
            state,
            self.pick(row),
        )

    @rule(moderation=st.sampled_from(["clear", "held", "rejected"]), country=st.sampled_from(["PE", "ES"]))
    def moderate_a_country_by_sql(self, moderation: str, country: str) -> None:
        self.sql("UPDATE signatures_signature SET moderation = %s WHERE country = %s", moderation, country)

    @rule(row=ROW, country=st.sampled_from(["PE", "ES", "BO"]))
    def change_country_by_sql(self, row: int, country: str) -> None:
        self.sql("UPDATE signatures_signature SET country = %s WHERE id = %s", country, self.pick(row))

    @rule(row=ROW, language=st.sampled_from(["en", "es"]))
    def change_language_by_sql(self, row: int, language: str) -> None:
        self.sql("UPDATE signatures_signature SET language = %s WHERE id = %s", language, self.pick(row))

    @rule(row=ROW, which=st.integers(0, 1))
    def change_campaign_by_sql(self, row: int, which: int) -> None:
        self.sql(
            "UPDATE signatures_signature SET campaign_id = %s WHERE id = %s", self.campaigns[which].pk, self.pick(row)
        )

    @rule(n=st.integers(1, 3), which=st.integers(0, 1))
    def insert_by_sql(self, n: int, which: int) -> None:
        make_rows(self.campaigns[which], n)

    @rule(row=ROW)
    def delete_by_sql(self, row: int) -> None:
        pk = self.pick(row)
        for table in ("letter", "seat", "moderatedsignature", "consentevent"):
            self.sql(f"DELETE FROM signatures_{table} WHERE signature_id = %s", pk)
        self.sql("DELETE FROM signatures_signature WHERE id = %s", pk)

    @rule()
    def truncate(self) -> None:
        # PostgreSQL truncates no table for which checks are still to be made at the transaction's end.
        self.sql("SET CONSTRAINTS ALL IMMEDIATE")
        self.sql("TRUNCATE signatures_signature CASCADE")
        self.sql("SET CONSTRAINTS ALL DEFERRED")

    @rule()
    def fold(self) -> None:
        tally.fold()

    @invariant()
    def count_equals_recount(self) -> None:
        for campaign in self.campaigns:
            expected = recount(campaign)
            assert tally.count(campaign.pk) == expected.total()
            assert tally.by_country(campaign.pk) == dict(expected)
            assert sum(tally.over_time(campaign.pk, LONG_AGO, LONG_AGO).values()) == expected.total()
            assert tally.by_state(campaign.pk) == recount_states(campaign)


@pytest.mark.django_db
def test_any_sequence_of_acts_leaves_the_count_equal_to_the_recount() -> None:
    def machine() -> AnythingHappens:
        Signature.objects.all().delete()
        ModerationAct.objects.all().delete()
        ConsentText.objects.all().delete()
        Campaign.objects.all().delete()
        return AnythingHappens()

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_fold_moves_deltas_into_history_and_total() -> None:
    campaign = make_campaign()
    make_rows(campaign, 3, country="PE")
    make_rows(campaign, 2, country="ES")

    assert [(delta.country, delta.n) for delta in CountDelta.objects.order_by("pk")] == [("PE", 3), ("ES", 2)]
    assert [(delta.state, delta.n) for delta in StateDelta.objects.order_by("pk")] == [
        ("confirmed", 3),
        ("confirmed", 2),
    ]
    assert tally.fold() == 4
    assert not CountDelta.objects.exists()
    assert not StateDelta.objects.exists()
    assert (Total.objects.get().n, HourTally.objects.get().n, StateTally.objects.get().n) == (5, 5, 5)
    assert dict(Tally.objects.values_list("country", "n")) == {"PE": 3, "ES": 2}
    assert tally.count(campaign.pk) == 5
    assert tally.fold() == 0


@pytest.mark.django_db
def test_a_statement_about_many_signatures_writes_a_line_for_each_state_and_language_and_no_more() -> None:
    campaign = make_campaign()
    make_rows(campaign, 30)
    Signature.objects.filter(name__endswith="1").update(language="es")
    StateDelta.objects.all().delete()

    Signature.objects.update(moderation="rejected")

    lines = StateDelta.objects.order_by("moderation", "language").values_list("moderation", "language", "n")
    assert list(lines) == [("clear", "en", -27), ("clear", "es", -3), ("rejected", "en", 27), ("rejected", "es", 3)]


@pytest.mark.django_db
def test_signatures_from_before_their_states_were_counted_are_brought_in_once() -> None:
    campaign = make_campaign()
    make_rows(campaign, 3)
    tally.fold()
    StateTally.objects.all().delete()  # as if the triggers had not been there
    make_rows(campaign, 2, language="es")
    tally.fold()
    Signature.objects.filter(language="es").update(moderation="held")
    make_rows(campaign, 1, language="es")

    for _time in range(2):
        with connection.cursor() as cursor:
            cursor.execute(import_module("signatures.migrations.0022_start_page_rows").STATES)
        assert tally.by_state(campaign.pk) == recount_states(campaign)
        tally.fold()


@pytest.mark.django_db
def test_a_change_that_touches_no_count_writes_no_delta() -> None:
    campaign = make_campaign()
    make_rows(campaign, 2)
    tally.fold()

    Signature.objects.update(language="es")
    make_signature(campaign)

    assert not CountDelta.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fold_leaves_the_work_to_the_one_that_is_at_it() -> None:
    campaign = make_campaign()
    make_rows(campaign, 1)
    answers = []

    def fold_elsewhere() -> None:
        try:
            answers.append(tally.fold())
        finally:
            connections.close_all()

    with transaction.atomic():
        locks.wait_for(locks.Lock.FOLD)
        thread = threading.Thread(target=fold_elsewhere)
        thread.start()
        thread.join()

    assert answers == [0]
    assert CountDelta.objects.count() == 1
    assert tally.fold() == 2  # that and the one of its state
