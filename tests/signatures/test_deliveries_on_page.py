"""What the campaign's page says of deliveries: what was handed over, and what came of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from signatures.deliveries import handing_over
from signatures.models import Signature
from tests.helpers import make_campaign, make_rows, make_signature
from tests.signatures.test_delivered import DAY, hand_over
from tests.signatures.test_deliveries import approved

pytestmark = pytest.mark.django_db

PAGE = "/en/water-for-all/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def ana(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Ana Example", is_confirmed=True)


def at_noon(day: date) -> Any:
    """In Lima."""
    return time_machine.travel(datetime(day.year, day.month, day.day, 17, tzinfo=UTC), tick=False)


def section(client: Client, days: int = 0, path: str = PAGE) -> str:
    """What the campaign's page says of deliveries, so many days after DAY."""
    with at_noon(DAY + timedelta(days=days)):
        html = client.get(path).content.decode()
    _before, _tag, after = html.partition('<section class="deliveries">')
    return " ".join(after.partition("</section>")[0].split())


def test_a_page_without_a_delivery_says_nothing(client: Client, campaign: Campaign, ana: Signature) -> None:
    assert section(client) == ""
    approved(campaign)
    assert section(client) == ""


def test_the_page_says_what_was_handed_over_and_nothing_of_who_took_it(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    hand_over(approved(campaign))

    found = section(client)

    assert found == (
        "<h2>Handed over so far</h2> <p>On Dec. 10, 2026, 2 signatures were handed over to the Ministry of Water.</p>"
    )
    for words in ("Rosa Clerk", "RECEIPT-1", "CASE-1", "At the desk"):
        assert words not in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("days", "words"), [(1, "1 day without an answer"), (12, "12 days without an answer"), (1200, "1,200 days without")]
)
def test_the_page_counts_days_without_an_answer(
    client: Client, campaign: Campaign, ana: Signature, days: int, words: str
) -> None:
    hand_over(approved(campaign))
    assert words in section(client, days)


def test_days_end_at_midnight_in_lima(client: Client, campaign: Campaign, ana: Signature) -> None:
    hand_over(approved(campaign))
    midnight = datetime(2026, 12, 11, 5, tzinfo=UTC)
    for moment, is_next_day in ((midnight - timedelta(minutes=1), False), (midnight, True)):
        with time_machine.travel(moment, tick=False):
            assert ("day without an answer" in client.get(PAGE).content.decode()) == is_next_day


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "Answered on Dec. 10, 2026:"),
        (1, "Answered on Dec. 11, 2026, after 1 day:"),
        (12, "Answered on Dec. 22, 2026, after 12 days:"),
    ],
)
def test_the_page_shows_the_answer_and_counts_no_more_days(
    client: Client, campaign: Campaign, ana: Signature, days: int, words: str
) -> None:
    delivery = hand_over(approved(campaign))
    handing_over.record_answer(
        delivery_id=delivery.pk,
        on=DAY + timedelta(days=days),
        answer="Hemos <b>recibido</b> la petición.\n\nLa leeremos.",
        language="es",
    )

    found = section(client, 30)

    assert words in found
    assert "without an answer" not in found
    assert (
        '<blockquote lang="es"><p>Hemos &lt;b&gt;recibido&lt;/b&gt; la petición.</p> <p>La leeremos.</p></blockquote>'
    ) in found


def test_two_deliveries_are_told_in_their_order_by_one_query(
    client: Client, campaign: Campaign, ana: Signature
) -> None:
    hand_over(approved(campaign))
    make_rows(campaign, 3)
    hand_over(approved(campaign), on=DAY + timedelta(days=2))
    make_signature(make_campaign("land-for-all"), is_confirmed=True)

    with CaptureQueriesContext(connection) as captured:
        found = section(client, 3)

    assert found.count("<h2>") == 1
    first, second = found.split("handed over to the Ministry of Water.")[:2]
    assert "On Dec. 10, 2026, 1 signature was" in first
    assert "3 days without an answer" in second
    assert "On Dec. 12, 2026, 3 signatures were" in second
    assert "1 day without an answer" in found
    assert len([query for query in captured if "signatures_delivery" in query["sql"]]) == 1
    assert section(client, 3, "/en/land-for-all/") == ""
