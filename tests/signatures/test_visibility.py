"""The rule of what an output may contain: one table, read by a function and by SQL, that must agree."""

from typing import Any

import pytest
from django.db import connection

from campaigns.models import Campaign
from signatures.models import Signature
from signatures.visibility import FIELDS, Output, entitled, expression, shown
from tests.helpers import make_campaign, make_rows

FIELDS_OF_ALL = sorted(set().union(*(fields for by_kind in FIELDS.values() for fields in by_kind.values())))


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def said(value: Any) -> Any:
    """What an output says: nothing, where the value is empty or kept back. False is something."""
    return None if value in ("", None) else value


@pytest.mark.parametrize("output", Output)
def test_each_output_says_something_of_each_visibility(output: Output) -> None:
    assert set(FIELDS[output]) == set(Signature.Visibility.values)


@pytest.mark.parametrize("output", Output)
@pytest.mark.parametrize("field", FIELDS_OF_ALL)
def test_function_and_sql_agree(campaign: Campaign, output: Output, field: str) -> None:
    make_rows(campaign, 1, visibility="secret", name="", email="secret@example.org")
    make_rows(campaign, 1, visibility="delivered", name="Delivered Example")
    make_rows(campaign, 1, visibility="public", name="Public Example")

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {expression(field, output)} FROM signatures_signature")
        by_sql = {pk: said(value) for pk, value in cursor.fetchall()}

    assert by_sql == {row.pk: said(shown(row, field, output)) for row in Signature.objects.all()}


@pytest.mark.parametrize("output", [output for output in Output if output not in (Output.SIGNER, Output.NEWS)])
def test_no_output_but_ones_own_page_and_news_has_name_or_address_of_somebody_counted_only(output: Output) -> None:
    assert not FIELDS[output]["secret"] & {"name", "email", "fingerprint"}


def test_ones_own_page_shows_the_same_whatever_others_see() -> None:
    assert len(set(FIELDS[Output.SIGNER].values())) == 1
    assert {"name", "email", "visibility", "wants_updates"} <= FIELDS[Output.SIGNER]["secret"]


def test_letters_name_nobody() -> None:
    assert not any(FIELDS[Output.LETTER].values())


def test_news_has_the_address_of_somebody_counted_only_and_never_their_name() -> None:
    of_all = {"email", "country", "language", "consent_id"}

    assert FIELDS[Output.NEWS] == {
        "secret": of_all,
        "delivered": of_all | {"name"},
        "public": of_all | {"name"},
    }


def test_another_value_in_a_list_is_held_to_the_rule_of_its_field(campaign: Campaign) -> None:
    make_rows(campaign, 1, visibility="secret", name="")
    make_rows(campaign, 1, visibility="public")

    with connection.cursor() as cursor:
        value = expression("name", Output.NEWS, "'somebody'")
        cursor.execute(f"SELECT visibility, {value} FROM signatures_signature")
        assert dict(cursor.fetchall()) == {"secret": None, "public": "somebody"}


def test_the_addressee_gets_name_and_country_and_nothing_else() -> None:
    assert FIELDS[Output.ADDRESSEE] == {
        "secret": set(),
        "delivered": {"name", "country"},
        "public": {"name", "country"},
    }
    assert entitled(Output.ADDRESSEE) == ["delivered", "public"]
