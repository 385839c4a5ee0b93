"""The table of signals in the admin: what it says and has led to, what another would have, and nobody in particular."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import signal_runs
from signatures.models import Doubt, Signature
from signatures.signals import read_table, written
from tests.helpers import log_in, make_campaign, make_rows

URL = "/admin/signatures/rule/signals/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def moderator(db: None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("moderator"))
    return client


def show(campaign: Campaign, kinds: str, n: int, *, days: int = 0, is_solved: bool = False, **fields: Any) -> list[int]:
    """Signatures that showed these signals."""
    at = timezone.now() - timedelta(days=days)
    rows = make_rows(campaign, n, **fields)
    for row in rows:
        for kind in kinds.split("+"):
            Doubt.objects.create(signature=row, kind=kind, made_at=at, settled_at=at if is_solved else None)
    return [row.pk for row in rows]


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def tried(client: Client, table: str | None = None) -> str:
    html = client.get(URL, {} if table is None else {"table": table}).content.decode()
    return text(html[html.index('id="content"') :])


def test_the_table_in_force_is_said_in_words_with_its_limits(moderator: Client) -> None:
    said = tried(moderator)

    assert "More than 100 attempts within 1 hour from one network in one campaign" in said
    assert "More than 6,000 attempts within 1 minute in one campaign, from everywhere" in said
    assert "beyond the limit of its network + many of one mail domain or mailbox from one network held until" in said
    assert "0 signatures of the last 7 days showed signals" in said
    assert f">{written(settings.SIGNALS)}<" in re.sub(r"\s*(<|>)\s*", r"\1", moderator.get(URL).content.decode())
    assert read_table(written(settings.SIGNALS)) == settings.SIGNALS
    assert f'href="{URL}"' in moderator.get("/admin/signatures/rule/").content.decode()


def test_it_counts_the_last_days_by_what_was_shown_and_what_became_of_it(moderator: Client, campaign: Campaign) -> None:
    show(campaign, "crowd", 4)
    show(campaign, "crowd", 2, is_solved=True)
    show(campaign, "crowd", 1, state="pending", confirmed_at=None)
    show(campaign, "crowd+one_domain", 3, moderation="held")
    show(campaign, "disposable", 2, moderation="rejected")
    show(campaign, "crowd", 5, days=8)
    show(campaign, "second_look", 6, moderation="held")  # no signal
    before = list(Doubt.objects.values_list()), list(Signature.objects.values_list("pk", "moderation"))

    said = tried(moderator)
    assert "12 signatures of the last 7 days showed signals" in said
    # Signatures, solved, counted, not confirmed, held, rejected.
    assert "beyond the limit of its network a challenge 7 2 6 1 0 0" in said
    assert "+ many of one mail domain or mailbox from one network held until somebody has looked 3 0 0 0 3 0" in said
    assert "address of a throw-away mail domain nothing but the mark 2 0 0 0 0 2" in said
    assert "asked for a challenge 7 held, unless they solve a challenge that answers it 3" in said

    other = "disposable=challenge crowd+disposable=hold"
    said = tried(moderator, other)
    assert "beyond the limit of its network a challenge nothing but the mark 7" in said
    assert "nothing but the mark 2 10 asked for a challenge 7 2 held, unless" in said
    assert "that answers it 3 0 of those held, counted by now 0 0" in said
    assert f"SIGNALS={other}" in said
    assert before == (list(Doubt.objects.values_list()), list(Signature.objects.values_list("pk", "moderation")))


def test_who_has_solved_a_challenge_is_held_by_what_it_does_not_answer(campaign: Campaign) -> None:
    show(campaign, "crowd+honeypot", 4, is_solved=True)
    show(campaign, "crowd+honeypot", 2)
    show(campaign, "crowd+one_name", 1, is_solved=True)

    sums = signal_runs.run().sums(read_table("crowd+honeypot=hold crowd+one_name=hold honeypot=challenge"))

    assert (sums.nothing, sums.asked, sums.held, sums.held_and_counted) == (0, 6, 3, 3)


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ("crowd", "“crowd” is not like crowd+one_domain=hold."),
        ("crow=hold", "“crow” is none of crowd, rush, one_domain, one_name, disposable, honeypot."),
        ("crowd+rush=refuse", "“refuse” is none of nothing, challenge, hold."),
        ("crowd=hold", "“crowd=hold”: one signal alone may not hold anybody."),
        ("100%s=%(row)s", "“100%s=%(row)s” is not like crowd+one_domain=hold."),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong(moderator: Client, table: str, error: str) -> None:
    said = tried(moderator, table)

    assert error in said
    assert "To put it in force" not in said


def test_of_who_is_counted_only_it_tells_a_number(moderator: Client, campaign: Campaign) -> None:
    """As of everybody: it leads to no signature, and is asked about neither a person nor a place."""
    visible = show(campaign, "one_name+crowd", 1, name="Ana Example")
    secret = show(campaign, "one_name+crowd", 1, name="", visibility="secret")
    html = moderator.get(URL).content.decode()

    assert "2 signatures of the last 7 days" in text(html)
    for pk in (*visible, *secret):
        assert f"/{pk}/" not in html
    assert "Ana Example" not in html
    assert set(re.findall(r'name="([a-z_]+)"', html[html.index('id="content"') :])) == {"table"}


def test_no_more_doubts_are_read_than_the_bound_and_the_page_says_so(
    moderator: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(campaign, "crowd", 30, days=3)
    show(campaign, "crowd", 20, days=2)
    assert "Only the latest" not in tried(moderator)
    monkeypatch.setattr("signatures.signal_runs.MOST", 20)

    said = tried(moderator)

    assert "20 signatures of the last 7 days showed signals Only the latest 20 doubts are looked at" in said
