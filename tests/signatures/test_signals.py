"""Quiet signals: how their table is read, and that no signal alone holds anybody."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from signatures.models import Doubt
from signatures.signals import (
    MANY,
    Outcome,
    Signal,
    is_held_after_challenge,
    is_worth_a_challenge,
    outcome_of,
    read_table,
)

NAMES = "crowd, rush, one_domain, one_name, disposable, honeypot"


def test_a_table_is_read_row_by_row() -> None:
    assert read_table("  crowd=challenge\n one_domain+crowd=hold rush=nothing ") == (
        (frozenset({Signal.CROWD}), Outcome.CHALLENGE),
        (frozenset({Signal.CROWD, Signal.ONE_DOMAIN}), Outcome.HOLD),
        (frozenset({Signal.RUSH}), Outcome.NOTHING),
    )
    assert read_table("") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("crowd", "“crowd” is not like crowd+one_domain=hold"),
        ("crowd = hold", "“crowd” is not like crowd+one_domain=hold"),
        ("Crowd=challenge", "“Crowd=challenge” is not like crowd+one_domain=hold"),
        ("crowd=challenge,rush=hold", "“crowd=challenge,rush=hold” is not like crowd+one_domain=hold"),
        ("=hold", "“=hold” is not like crowd+one_domain=hold"),
        ("crowd+rush=hold", "“crowd+rush=hold”: that many people sign may not hold anybody"),
        ("crow+rush=hold", f"“crow” is none of {NAMES}"),
        ("crowd+=hold", f"“” is none of {NAMES}"),
        ("crowd=refuse", "“refuse” is none of nothing, challenge, hold"),
        ("crowd=hold", "“crowd=hold”: one signal alone may not hold anybody"),
        ("crowd+crowd=hold", "“crowd+crowd=hold”: one signal alone may not hold anybody"),
    ],
)
def test_a_wrong_table_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as error:
        read_table(f"rush=challenge {text}")

    assert str(error.value) == problem


@pytest.mark.parametrize(
    ("found", "outcome", "is_worth", "is_held_after"),
    [
        ("", "nothing", False, False),
        ("disposable", "nothing", False, False),
        ("one_domain", "nothing", False, False),
        ("one_domain one_name disposable", "nothing", False, False),
        ("crowd", "challenge", True, False),
        ("crowd rush", "challenge", True, False),
        ("honeypot", "challenge", True, False),
        ("honeypot one_domain", "challenge", True, False),
        ("crowd honeypot", "hold", True, False),
        ("crowd one_domain", "hold", False, True),
        ("crowd honeypot one_domain", "hold", False, True),
        ("rush one_name", "challenge", True, False),
        ("rush one_domain", "hold", False, True),
        # Doubts that other rooms have change nothing.
        ("network domain burst rule", "nothing", False, False),
        ("network crowd", "challenge", True, False),
    ],
)
def test_the_table_of_the_settings_leads_where_it_should(
    found: str, outcome: str, is_worth: bool, is_held_after: bool
) -> None:
    signals = found.split()

    assert outcome_of(signals) == outcome
    assert is_worth_a_challenge(signals) == is_worth
    assert is_held_after_challenge(signals) == is_held_after


def test_another_table_leads_elsewhere_and_its_strongest_row_decides() -> None:
    table = read_table("rush+one_name=hold crowd=nothing rush=challenge")

    assert [
        outcome_of(found, table) for found in ({"crowd"}, {"rush"}, {"rush", "one_name"}, {"crowd", "one_name"})
    ] == [
        Outcome.NOTHING,
        Outcome.CHALLENGE,
        Outcome.HOLD,
        Outcome.NOTHING,
    ]
    assert outcome_of({"crowd", "one_domain"}, ()) is Outcome.NOTHING


def test_staff_can_see_each_signal_as_a_doubt() -> None:
    assert {str(signal) for signal in Signal} <= set(Doubt.Kind.values)


signals = st.sampled_from(list(Signal))
row = st.builds(
    lambda names, outcome: f"{'+'.join(names)}={outcome}",
    st.lists(signals, min_size=1, max_size=4),
    st.sampled_from(list(Outcome)),
)


@given(st.lists(row, max_size=6), st.sets(signals))
def test_whatever_the_table_no_signal_alone_holds_and_no_challenge_makes_it_worse(
    rows: list[str], found: set[Signal]
) -> None:
    try:
        table = read_table(" ".join(rows))
    except ValueError:
        holding = [set(row.removesuffix("=hold").split("+")) for row in rows if row.endswith("=hold")]
        assert any(len(names) == 1 or names <= MANY for names in holding)
        return

    assert Outcome.HOLD not in {outcome_of({signal}, table) for signal in Signal}
    if is_held_after_challenge(found, table):
        assert outcome_of(found, table) is Outcome.HOLD
        assert not is_worth_a_challenge(found, table)


def test_every_pair_of_the_settings_that_holds_needs_more_than_people_of_one_network_share() -> None:
    holding = [found for found, outcome in settings.SIGNALS if outcome is Outcome.HOLD]

    assert holding
    assert not [found for found in holding if found <= {Signal.CROWD, Signal.RUSH}]
