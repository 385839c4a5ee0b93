"""The step-up page: who is led there, what solving it changes, and that nothing is lost by leaving it."""

import base64
import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from altcha import Challenge, Payload, solve_challenge
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import challenges, services, tokens
from signatures.challenges import altcha
from signatures.models import Doubt, Letter, Signature
from signatures.signals import read_table
from tests.helpers import check_page_of, form_data, make_campaign, make_signature, state_of

SIGN = "/en/water-for-all/sign/"


@pytest.fixture
def campaign(db: None, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    cache.clear()
    monkeypatch.setattr(altcha, "TRIES", range(2, 4))  # what it takes is for browsers to show
    return make_campaign()


def challenge_of(signature: Signature) -> str:
    return f"{check_page_of(signature)}challenge/"


def doubted(campaign: Campaign, *kinds: str) -> Signature:
    signature = make_signature(campaign)
    Doubt.objects.bulk_create([Doubt(signature=signature, kind=kind) for kind in kinds or ["honeypot"]])
    return signature


def open_doubts(signature: Signature) -> list[str]:
    return sorted(Doubt.objects.open().filter(signature=signature).values_list("kind", flat=True))


def task_on(page: HttpResponse) -> dict[str, Any]:
    found = re.search(r'data-task="([^"]+)"', page.content.decode())
    assert found
    return dict(json.loads(html.unescape(found[1])))


def solve(task: dict[str, Any]) -> str:
    """As the browser does."""
    challenge = Challenge.from_dict(task)
    solution = solve_challenge(challenge)
    assert solution is not None
    return Payload(challenge, solution).to_base64()


def leads_to(response: HttpResponse) -> str:
    assert response.status_code == 303
    return str(response["Location"])


# Who is led there


def test_whoever_is_not_doubted_meets_no_challenge(client: Client, campaign: Campaign) -> None:
    assert re.fullmatch(r"/en/water-for-all/check-email/[^/]+/#main", leads_to(client.post(SIGN, form_data(campaign))))


def test_a_filled_honeypot_leads_to_the_challenge_and_the_letter_goes_out_as_always(
    client: Client, campaign: Campaign
) -> None:
    response = client.post(SIGN, form_data(campaign, website="https://example.org/"))

    found = re.fullmatch(r"/en/water-for-all/check-email/([^/]+)/challenge/#main", leads_to(response))
    assert found
    signature = Signature.objects.get()
    assert tokens.Handle.read(found[1]).signature_id == signature.pk
    assert (signature.state, signature.moderation) == ("pending", "clear")
    assert [(letter.kind, letter.state) for letter in Letter.objects.all()] == [("confirmation", "waiting")]
    assert tokens.SIGNED_HERE.read(response.cookies["signed"].value) == signature.pk


def test_signing_beyond_the_limit_leads_to_the_challenge(
    client: Client, campaign: Campaign, settings: LazySettings
) -> None:
    settings.LIMITS = settings.LIMITS | {"sign": Rate(2, 3600)}

    led = [leads_to(client.post(SIGN, form_data(campaign, email=f"p{n}@example.org"))) for n in range(3)]

    assert [address.endswith("/challenge/#main") for address in led] == [False, False, True]


@pytest.mark.parametrize(
    ("table", "is_asked"),
    [
        ("honeypot=nothing", False),
        ("honeypot=challenge", True),
        ("honeypot+disposable=hold", True),  # solving it settles the honeypot, and with it what holds
        ("honeypot=challenge disposable+crowd=hold", True),
        ("disposable=challenge", True),
        ("", False),
    ],
)
def test_the_table_says_who_is_asked(
    client: Client, campaign: Campaign, settings: LazySettings, table: str, is_asked: bool
) -> None:
    settings.SIGNALS = read_table(table)

    response = client.post(SIGN, form_data(campaign, email="ana@yopmail.com", website="x"))

    assert leads_to(response).endswith("/challenge/#main") == is_asked


def test_who_is_held_whatever_they_solve_is_not_asked_in_vain(
    client: Client, campaign: Campaign, settings: LazySettings
) -> None:
    settings.LIMITS = settings.LIMITS | {"sign": Rate(1, 3600)}
    client.post(SIGN, form_data(campaign))

    response = client.post(SIGN, form_data(campaign, email="ana@yopmail.com"))  # a crowd, and a throw-away domain

    assert Signature.objects.filter(moderation="held").count() == 1
    assert not leads_to(response).endswith("/challenge/#main")


# The page


def test_the_page_says_that_the_letter_is_enough_and_has_a_way_on_without_scripts(
    client: Client, campaign: Campaign
) -> None:
    signature = doubted(campaign)

    page = client.get(challenge_of(signature))

    assert page.status_code == 200
    text = page.content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert "is on its way already. Open the link in it and confirm: that is enough, whatever happens here." in words
    assert "you lose nothing by leaving it out" in words
    assert re.search(rf'<a class="plain" href="{re.escape(check_page_of(signature))[:40]}', text)
    assert len(re.findall(r"<form[^>]* hidden>", text)) == 1  # until a script shows it
    assert re.search(r'role="alert" data-failed hidden>', text)
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert page["Referrer-Policy"] == "same-origin"


def test_the_page_asks_the_database_nothing_about_the_attempt(client: Client, campaign: Campaign) -> None:
    url = challenge_of(doubted(campaign))

    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200

    asked = [query["sql"] for query in queries.captured_queries]
    assert any("campaigns_campaigntext" in sql for sql in asked)
    assert not any("signatures_" in sql for sql in asked)


def test_altcha_needs_nothing_that_other_pages_may_not_load(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign)

    page, elsewhere = client.get(challenge_of(signature)), client.get(check_page_of(signature))

    assert page["Content-Security-Policy"] == elsewhere["Content-Security-Policy"]
    assert "https:" not in page.content.decode()


def test_looking_changes_nothing(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign)
    url = challenge_of(signature)
    answer = solve(task_on(client.get(url)))

    assert [client.get(f"{url}?answer={answer}").status_code, client.head(url).status_code] == [200, 200]
    assert open_doubts(signature) == ["honeypot"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_broken_handle_leads_nowhere(client: Client, campaign: Campaign, method: str) -> None:
    answer = getattr(client, method)("/en/water-for-all/check-email/broken/challenge/")

    assert answer.status_code == 404
    assert "This link is not complete." in answer.content.decode()


# Solving it


def test_solving_it_settles_the_doubt_and_says_so_on_the_next_page(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign, "honeypot", "crowd")
    url = challenge_of(signature)

    response = client.post(url, {"answer": solve(task_on(client.get(url)))})

    assert leads_to(response).endswith("/?said=passed#main")
    assert "The check is done, thank you." in client.get(response["Location"]).content.decode()
    assert open_doubts(signature) == []
    assert state_of(signature) == "pending"  # the letter alone confirms


def test_solving_it_lets_go_whom_signals_hold(client: Client, campaign: Campaign, settings: LazySettings) -> None:
    settings.LIMITS = settings.LIMITS | {"sign": Rate(1, 3600)}
    client.post(SIGN, form_data(campaign))
    url = leads_to(client.post(SIGN, form_data(campaign, email="eva@example.org", website="x"))).partition("#")[0]
    signature = Signature.objects.get(email="eva@example.org")
    assert signature.moderation == "held"

    client.post(url, {"answer": solve(task_on(client.get(url)))})

    signature.refresh_from_db()
    assert (signature.moderation, signature.moderation_reason) == ("clear", "")


def test_leaving_it_out_keeps_nobody_from_confirming_by_the_code(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign)
    client.get(challenge_of(signature))

    assert client.post(check_page_of(signature), {"code": tokens.code(signature.pk)}).status_code == 303
    assert state_of(signature) == "confirmed"


def test_a_solution_sent_twice_is_harmless(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign)
    url = challenge_of(signature)
    answer = solve(task_on(client.get(url)))

    led = [leads_to(client.post(url, {"answer": answer})).rpartition("/")[2] for _ in range(2)]

    assert led == ["?said=passed#main"] * 2
    assert open_doubts(signature) == []


def test_a_solution_is_worth_nothing_for_another_attempt(client: Client, campaign: Campaign) -> None:
    mine, others = doubted(campaign), doubted(campaign)
    answer = solve(task_on(client.get(challenge_of(mine))))

    assert client.post(challenge_of(others), {"answer": answer}).status_code == 422
    assert open_doubts(others) == ["honeypot"]
    assert client.post(challenge_of(mine), {"answer": answer}).status_code == 303


def test_a_solution_is_worth_something_for_twenty_minutes(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        answer = solve(task_on(client.get(challenge_of(signature))))

    with time_machine.travel(now + timedelta(minutes=20, seconds=2), tick=False):
        assert client.post(challenge_of(signature), {"answer": answer}).status_code == 422
    assert open_doubts(signature) == ["honeypot"]
    with time_machine.travel(now + timedelta(minutes=19, seconds=58), tick=False):
        assert client.post(challenge_of(signature), {"answer": answer}).status_code == 303


def made_easy(task: dict[str, Any]) -> dict[str, Any]:
    return {**task, "parameters": task["parameters"] | {"keyPrefix": "0"}}


def without_end(task: dict[str, Any]) -> dict[str, Any]:
    return {**task, "parameters": task["parameters"] | {"expiresAt": 2**40}}


def unsigned(task: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": task["parameters"]}


@pytest.mark.parametrize("forge", [made_easy, without_end, unsigned])
def test_a_task_of_ones_own_making_is_none(
    client: Client, campaign: Campaign, forge: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    signature = doubted(campaign)
    url = challenge_of(signature)

    assert client.post(url, {"answer": solve(forge(task_on(client.get(url))))}).status_code == 422
    assert open_doubts(signature) == ["honeypot"]


def test_a_wrong_number_comes_back_with_what_to_do_next(client: Client, campaign: Campaign) -> None:
    signature = doubted(campaign)
    url = challenge_of(signature)
    payload = json.loads(base64.b64decode(solve(task_on(client.get(url)))))
    payload["solution"]["counter"] += 1

    response = client.post(url, {"answer": base64.b64encode(json.dumps(payload).encode()).decode()})

    assert response.status_code == 422
    text = response.content.decode()
    assert "The check did not work this time." in text
    assert f'<a href="{url}">Try it once more.</a> Or go on without it: nothing is lost.' in text
    assert "data-failed>" in text
    assert "<form" not in text
    assert open_doubts(signature) == ["honeypot"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PARAMETERS = ("algorithm", "cost", "expiresAt", "keyLength", "keyPrefix", "nonce", "salt", "data")
payloads = st.fixed_dictionaries(
    {
        "challenge": st.fixed_dictionaries(
            {
                "parameters": st.dictionaries(st.sampled_from(PARAMETERS), json_values) | json_values,
                "signature": json_values,
            }
        )
        | json_values,
        "solution": st.dictionaries(st.sampled_from(["counter", "derivedKey"]), json_values) | json_values,
    }
)


@hypothesis(max_examples=100)
@given(sent=st.text() | payloads.map(lambda one: base64.b64encode(json.dumps(one).encode()).decode()))
def test_whatever_strangers_send_solves_nothing_and_raises_nothing(sent: str) -> None:
    class Request:
        POST = {"answer": sent}

    assert altcha.Altcha().check(Request(), 1) is challenges.Verdict.FAILED


def test_beyond_the_limit_nothing_is_looked_at_and_one_goes_on(
    client: Client, campaign: Campaign, settings: LazySettings
) -> None:
    settings.LIMITS = settings.LIMITS | {"challenge": Rate(2, 3600)}
    signature = doubted(campaign)
    url = challenge_of(signature)
    answer = solve(task_on(client.get(url)))

    statuses = [client.post(url, {"answer": "wrong"}).status_code for _ in range(2)]
    beyond = leads_to(client.post(url, {"answer": answer}))
    elsewhere = client.post(url, {"answer": answer}, REMOTE_ADDR="198.51.100.7")

    assert statuses == [422, 422]
    assert beyond.endswith("/#main")
    assert "said" not in beyond
    assert leads_to(elsewhere).endswith("?said=passed#main")


@pytest.mark.parametrize("fate", ["gone", "erased", "withdrawn", "confirmed"])
def test_what_became_of_the_attempt_is_not_told(client: Client, campaign: Campaign, fate: str) -> None:
    signature = doubted(campaign)
    url = challenge_of(signature)
    answer = solve(task_on(client.get(url)))
    if fate == "gone":
        services.disown(signature_id=signature.pk, never_again=False)
    else:
        services.confirm(signature_id=signature.pk)
        if fate != "confirmed":
            getattr(services, {"erased": "erase", "withdrawn": "withdraw"}[fate])(signature_id=signature.pk)

    assert task_on(client.get(url))
    assert leads_to(client.post(url, {"answer": answer})).endswith("?said=passed#main")


# Which one


@pytest.mark.parametrize(("key", "kind"), [("", "Altcha"), ("private-key", "Recaptcha")])
def test_googles_is_shown_where_its_keys_are_set(settings: LazySettings, key: str, kind: str) -> None:
    settings.RECAPTCHA_PRIVATE_KEY = key

    assert type(challenges.current()).__name__ == kind
