"""The "check your email" page: all it knows is in its handle, and it takes the code out of the letter."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import addresses, services, suppression, tally, tokens
from signatures.models import Signature, Suppression
from tests.helpers import check_page_of, form_data, make_campaign, make_signature, state_of

SAID = "This code does not fit, or works no longer. After ten tries only the link works."


@pytest.fixture
def campaign(db: None) -> Campaign:
    cache.clear()
    return make_campaign()


def wrong_code(signature: Signature) -> str:
    return f"{(int(tokens.code(signature.pk)) + 1) % 1_000_000:06d}"


def test_check_email_says_where_the_letter_went_and_who_sends_it(client: Client, campaign: Campaign) -> None:
    response = client.post("/en/water-for-all/sign/", form_data(campaign, email="ana.example@example.org"))

    page = client.get(response["Location"])

    assert page.status_code == 200
    html = page.content.decode()
    assert "<strong>a…e@example.org</strong>" in html
    assert "ana.example" not in html
    assert "from Example Organisation (petition@example.org)" in html
    assert 'autocomplete="one-time-code"' in html
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert page["Referrer-Policy"] == "same-origin"


def test_check_email_has_three_ways_on(client: Client, campaign: Campaign) -> None:
    url = check_page_of(make_signature(campaign))

    html = client.get(url).content.decode()

    assert f'method="post" action="{url}"' in html
    assert f'method="post" action="{url}resend/"' in html
    assert 'href="/en/water-for-all/#sign"' in html


def test_check_email_asks_the_database_nothing_about_the_signature(client: Client, campaign: Campaign) -> None:
    url = check_page_of(make_signature(campaign))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(url)

    asked = [query["sql"] for query in queries.captured_queries]
    assert any("campaigns_campaigntext" in sql for sql in asked)
    assert not any("signatures_" in sql for sql in asked)


def test_check_email_changes_nothing_when_it_is_only_looked_at(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    url = f"{check_page_of(signature)}?code={tokens.code(signature.pk)}"

    assert (client.get(url).status_code, client.head(url).status_code) == (200, 200)

    signature.refresh_from_db()
    assert (signature.state, signature.code_tries) == ("pending", 0)


@pytest.mark.parametrize("layout", ["{}{}", " {} {} ", "{}-{}", "{}\u00a0{}\t"])
def test_the_code_confirms_however_it_is_typed(client: Client, campaign: Campaign, layout: str) -> None:
    signature = make_signature(campaign)
    code = tokens.code(signature.pk)

    response = client.post(check_page_of(signature), {"code": layout.format(code[:3], code[3:])})

    assert (response.status_code, response["Location"]) == (303, "/en/water-for-all/thanks/#main")
    assert tokens.CONFIRMED_HERE.read(response.cookies["confirmed"].value) == signature.pk
    assert response.cookies["signed"]["max-age"] == 0
    assert state_of(signature) == "confirmed"
    assert tally.count(campaign.pk) == 1


def test_a_wrong_code_confirms_nothing_and_comes_back(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)

    response = client.post(check_page_of(signature), {"code": wrong_code(signature)})

    assert response.status_code == 422
    html = response.content.decode()
    assert SAID in html
    assert f'value="{wrong_code(signature)}"' in html
    assert "<title>Error: Check your email" in html
    assert state_of(signature) == "pending"
    assert not response.cookies


def test_the_code_of_another_attempt_does_not_fit(client: Client, campaign: Campaign) -> None:
    mine, others = make_signature(campaign), make_signature(campaign)

    assert client.post(check_page_of(others), {"code": tokens.code(mine.pk)}).status_code == 422
    assert not Signature.objects.confirmed().exists()


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "123 456 789 012 345 678"])
def test_what_cannot_be_a_code_costs_no_try(client: Client, campaign: Campaign, typed: str) -> None:
    signature = make_signature(campaign)

    statuses = {client.post(check_page_of(signature), {"code": typed}).status_code for _ in range(12)}

    assert statuses == {422}
    assert client.post(check_page_of(signature), {"code": tokens.code(signature.pk)}).status_code == 303


def test_the_tenth_try_may_be_right(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    for _ in range(9):
        client.post(check_page_of(signature), {"code": wrong_code(signature)})

    assert client.post(check_page_of(signature), {"code": tokens.code(signature.pk)}).status_code == 303


def test_the_eleventh_try_fails_whatever_is_sent_again_and_the_link_still_confirms(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    for number in range(10):
        client.post(check_page_of(signature), {"code": wrong_code(signature)})
        if number % 5 == 0:  # neither another letter nor another handle brings new tries
            client.post(f"{check_page_of(signature)}resend/")

    response = client.post(check_page_of(signature), {"code": tokens.code(signature.pk)})

    assert response.status_code == 422
    assert SAID in response.content.decode()
    assert state_of(signature) == "pending"
    assert client.post(f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/").status_code == 303
    assert state_of(signature) == "confirmed"


def test_one_network_can_guess_at_a_campaign_only_so_often(client: Client, campaign: Campaign) -> None:
    signatures = [make_signature(campaign) for _ in range(4)]
    last = signatures[-1]
    with override_settings(LIMITS=settings.LIMITS | {"code": Rate(3, 3600)}):
        guesses = [client.post(check_page_of(row), {"code": wrong_code(row)}).status_code for row in signatures[:3]]
        refused = client.post(check_page_of(last), {"code": tokens.code(last.pk)})
        elsewhere = client.post(check_page_of(last), {"code": tokens.code(last.pk)}, REMOTE_ADDR="198.51.100.7")

    assert guesses == [422] * 3
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert elsewhere.status_code == 303


def test_right_codes_use_up_no_limit(client: Client, campaign: Campaign) -> None:
    with override_settings(LIMITS=settings.LIMITS | {"code": Rate(1, 3600)}):
        for _ in range(3):
            signature = make_signature(campaign)
            assert client.post(check_page_of(signature), {"code": tokens.code(signature.pk)}).status_code == 303


def test_every_failure_answers_alike_but_for_what_was_typed(client: Client, campaign: Campaign) -> None:
    """Each with the right code but the first: what an attempt has become is for its mailbox alone."""
    mistyped, gone, erased, used_up = (make_signature(campaign) for _ in range(4))
    known = make_signature(campaign, is_confirmed=True)
    again = make_signature(campaign, name=known.name, email=known.email)
    capped = [make_signature(campaign, email="flooded@example.org") for _ in range(6)][-1]
    suppression.suppress(addresses.suppression_fingerprint("never@example.org"), Suppression.Reason.ASKED)
    suppressed = make_signature(campaign, email="never@example.org")
    elsewhere = make_signature(make_campaign("land-for-all"))
    services.disown(signature_id=gone.pk, never_again=False)
    services.confirm(signature_id=erased.pk)
    services.erase(signature_id=erased.pk)
    Signature.objects.filter(pk=used_up.pk).update(code_tries=services.confirming.CODE_TRIES)
    answers = {}
    for name, signature in {
        "mistyped": mistyped,
        "gone": gone,
        "erased": erased,
        "tries used up": used_up,
        "signed already": again,
        "no letter, too many": capped,
        "no letter, suppressed": suppressed,
        "of another campaign": elsewhere,
    }.items():
        code = wrong_code(signature) if name == "mistyped" else tokens.code(signature.pk)
        handle = tokens.Handle(signature.pk, "a…z@example.org").seal()
        with CaptureQueriesContext(connection) as queries:
            response = client.post(f"/en/water-for-all/check-email/{handle}/", {"code": code})
        headers = {key: value for key, value in response.headers.items() if key != "Expires"}
        html = response.content.decode().replace(handle, "HANDLE").replace(code, "CODE")
        answers[name] = (response.status_code, headers, html, list(response.cookies), len(queries))

    expected = answers["mistyped"]
    assert expected[0] == 422
    assert SAID in expected[2]
    assert {name for name, answer in answers.items() if answer != expected} == set()
    assert Signature.objects.confirmed().count() == 1


def test_a_right_code_says_what_its_owner_may_know(client: Client, campaign: Campaign) -> None:
    first = make_signature(campaign, name="Ana Example", email="ana@example.org")
    second, third = (make_signature(campaign, name=name, email="ana@example.org") for name in ("Eva", "Iris"))
    for signature in (first, second):
        services.confirm(signature_id=signature.pk)

    taken = client.post(check_page_of(third), {"code": tokens.code(third.pk)})
    again = client.post(check_page_of(first), {"code": tokens.code(first.pk)})

    assert taken.status_code == 409
    assert "This address has signed already." in taken.content.decode()
    assert again.status_code == 303
    assert "confirmed" not in again.cookies
    assert tally.count(campaign.pk) == 2


def broken_handles(signature: Signature) -> list[str]:
    handle = tokens.Handle(signature.pk, "a…z@example.org").seal()
    other_purpose = tokens.NewAddress(signature.pk, 0, "ana@example.org").seal()
    return ["x", handle[:-5], f"{handle[:-9]}AAAA{handle[-5:]}", tokens.CONFIRM.make(signature.pk), other_purpose]


def test_a_broken_handle_leads_nowhere(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    for handle in broken_handles(signature):
        url = f"/en/water-for-all/check-email/{handle}/"
        for response in (
            client.get(url),
            client.post(url, {"code": tokens.code(signature.pk)}),
            client.post(f"{url}resend/"),
        ):
            assert response.status_code == 404
            assert "This link is not complete." in response.content.decode()
    assert state_of(signature) == "pending"
    assert signature.letters.count() == 1


def test_a_handle_ends_with_its_links(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    url = check_page_of(signature)

    with time_machine.travel(timezone.now() + timedelta(seconds=settings.CONFIRMATION_MAX_AGE + 2)):
        assert client.post(url, {"code": tokens.code(signature.pk)}).status_code == 404
    assert state_of(signature) == "pending"


def test_check_email_knows_no_draft(client: Client, campaign: Campaign) -> None:
    url = check_page_of(make_signature(campaign))
    Campaign.objects.update(state="draft")

    assert client.get(url).status_code == 404
