""" "Send another letter": within the caps of the address, and with one answer whatever has become of the attempt."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import addresses, services, suppression, tokens
from signatures.models import Letter, Signature, Suppression
from tests.helpers import check_page_of, make_campaign, make_signature


@pytest.fixture
def campaign(db: None) -> Campaign:
    cache.clear()
    return make_campaign()


@pytest.fixture
def attempts(campaign: Campaign) -> dict[str, Signature]:
    """One of each fate, all of them signed here before."""
    pending, confirmed, withdrawn, erased, gone = (make_signature(campaign) for _ in range(5))
    for signature in (confirmed, withdrawn, erased):
        services.confirm(signature_id=signature.pk)
    services.withdraw(signature_id=withdrawn.pk)
    services.erase(signature_id=erased.pk)
    services.disown(signature_id=gone.pk, never_again=False)
    suppression.suppress(addresses.suppression_fingerprint("never@example.org"), Suppression.Reason.ASKED)
    return {
        "pending": pending,
        "confirmed": confirmed,
        "withdrawn": withdrawn,
        "erased": erased,
        "gone": gone,
        "capped": [make_signature(campaign, email="flooded@example.org") for _ in range(6)][-1],
        "suppressed": make_signature(campaign, email="never@example.org"),
        "known": make_signature(campaign, name=confirmed.name, email=confirmed.email),
        "elsewhere": make_signature(make_campaign("land-for-all")),
    }


def handle_of(signature: Signature) -> str:
    return tokens.Handle(signature.pk, "a…z@example.org").seal()


def test_resend_writes_another_letter_and_comes_back(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    url = check_page_of(signature)

    response = client.post(f"{url}resend/")

    assert (response.status_code, response["Location"]) == (303, f"{url}?said=resent#main")
    first, second = signature.letters.order_by("pk")
    assert (second.kind, second.state, second.to) == ("confirmation", "waiting", signature.email)
    assert first.fingerprint == second.fingerprint
    html = client.get(response["Location"]).content.decode()
    assert "If your signature still waits for a letter, another one is on its way." in html
    assert "another one is on its way" not in client.get(url).content.decode()


def test_resend_keeps_to_the_caps_of_the_address(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    cap = settings.CONFIRMATION_LETTERS_PER_ADDRESS

    networks = (f"192.0.{number}.1" for number in range(cap + 1))
    page = f"{check_page_of(signature)}resend/"
    statuses = {client.post(page, REMOTE_ADDR=network).status_code for network in networks}

    assert statuses == {303}
    letters = list(signature.letters.order_by("pk").values_list("state", "to"))
    assert letters == [("waiting", signature.email)] * cap + [("capped", "")] * 2


def test_resend_answers_alike_and_asks_as_much_whatever_has_become_of_the_attempt(
    client: Client, attempts: dict[str, Signature]
) -> None:
    answers = {}
    for name, signature in attempts.items():
        handle = handle_of(signature)
        before = Letter.objects.count()
        with CaptureQueriesContext(connection) as queries:
            response = client.post(f"/en/water-for-all/check-email/{handle}/resend/")
        headers = {key: value.replace(handle, "HANDLE") for key, value in response.headers.items()}
        del headers["Expires"]
        written = Letter.objects.count() - before
        answers[name] = (response.status_code, headers, response.content, len(queries), written)

    expected = answers["pending"]
    assert (expected[0], expected[-1]) == (303, 1)
    assert {name: answer for name, answer in answers.items() if answer != expected} == {}


@pytest.mark.parametrize(
    ("name", "kind", "state"),
    [
        ("pending", "confirmation", "waiting"),
        ("capped", "confirmation", "capped"),
        ("suppressed", "confirmation", "suppressed"),
        ("known", "already_signed", "capped"),  # the quiet letter, once in seven days
        ("confirmed", "already_signed", "nobody"),
        ("withdrawn", "confirmation", "nobody"),
        ("erased", "confirmation", "nobody"),
        ("gone", "confirmation", "nobody"),
        ("elsewhere", "confirmation", "nobody"),
    ],
)
def test_resend_writes_a_row_in_each_case_and_a_letter_to_those_who_wait_for_one(
    client: Client, attempts: dict[str, Signature], name: str, kind: str, state: str
) -> None:
    client.post(f"/en/water-for-all/check-email/{handle_of(attempts[name])}/resend/")

    letter = Letter.objects.latest("pk")
    assert (letter.kind, letter.state) == (kind, state)
    assert bool(letter.to) == (state == "waiting")
    assert bool(letter.signature) == (state != "nobody")


def test_one_network_can_ask_only_so_often(client: Client, campaign: Campaign) -> None:
    url = f"{check_page_of(make_signature(campaign))}resend/"
    with override_settings(LIMITS=settings.LIMITS | {"resend": Rate(2, 3600)}):
        statuses = [client.post(url).status_code for _ in range(3)]
        elsewhere = client.post(url, REMOTE_ADDR="198.51.100.7").status_code

    assert (statuses, elsewhere) == ([303, 303, 429], 303)
    assert Letter.objects.count() == 1 + 3


def test_only_a_post_sends_again_and_anything_else_leads_back(client: Client, campaign: Campaign) -> None:
    page = check_page_of(make_signature(campaign))

    response = client.get(f"{page}resend/")

    assert (response.status_code, response["Location"]) == (303, f"{page}#main")
    assert client.head(f"{page}resend/").status_code == 303
    assert client.put(f"{page}resend/").status_code == 405
    assert Letter.objects.count() == 1
