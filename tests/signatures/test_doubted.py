"""Doubt, not refusal: beyond limits a signature is stored, held for two reasons together, refused only far beyond."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import limits, services, tally
from signatures.models import Doubt, Letter, QueuedSignature, Signature
from signatures.services import Confirmation
from tests.helpers import form_data, make_campaign, page_of
from tests.signatures.test_tasks import AWAY

URL = "/en/water-for-all/sign/"
LIMITS = settings.LIMITS | {"sign": Rate(3, 3600), "sign_domain": Rate(2, 3600)}


@pytest.fixture
def campaign(db: None) -> Iterator[Campaign]:
    cache.clear()
    limits.breaker.reset()
    limits.here.counts.clear()
    with override_settings(LIMITS=LIMITS, SIGN_MOST=6, SIGN_DOMAIN_MOST=4):
        yield make_campaign()
    limits.breaker.reset()
    limits.here.counts.clear()


def sign(campaign: Campaign, number: int = 0, *, email: str = "", **fields: Any) -> Signature | int:
    """The signature, or with which status it was refused."""
    meta = {name: fields.pop(name) for name in list(fields) if name.isupper()}
    data = {"name": f"Person {number}", "email": email or f"p{number}@d{number}.example"} | fields
    before = set(Signature.objects.values_list("pk", flat=True))
    response = Client().post(URL, form_data(campaign, **data), **meta)
    return Signature.objects.exclude(pk__in=before).get() if response.status_code == 303 else response.status_code


def doubts(signature: Signature | int) -> list[tuple[str, str]]:
    assert isinstance(signature, Signature)
    return list(Doubt.objects.open().filter(signature=signature).values_list("kind", "detail"))


def test_a_crowd_is_doubted_quietly_and_counted(campaign: Campaign) -> None:
    signatures = [sign(campaign, number) for number in range(6)]

    assert [doubts(signature) for signature in signatures] == [[]] * 3 + [[("crowd", "")]] * 3
    for signature in signatures:
        assert isinstance(signature, Signature)
        assert services.confirm(signature_id=signature.pk) is Confirmation.CONFIRMED
    assert tally.count(campaign.pk) == 6
    assert not QueuedSignature.objects.to_look_at().exists()


def test_one_domain_in_a_crowd_is_held_can_be_confirmed_and_counts_once_released(campaign: Campaign) -> None:
    for number in range(3):
        sign(campaign, number, email=f"p{number}@s{number}.example.net")
    held = sign(campaign, 3, email="p3@example.net")

    assert isinstance(held, Signature)
    assert (held.moderation, held.moderation_reason, held.held_at is None) == ("held", "signals", False)
    assert doubts(held) == [("crowd", ""), ("one_domain", "")]
    assert Letter.objects.get(signature=held).state == "waiting"
    assert services.confirm(signature_id=held.pk) is Confirmation.CONFIRMED
    assert tally.count(campaign.pk) == 0
    assert list(QueuedSignature.objects.to_look_at().filter(pk=held.pk)) == [held]
    html = Client().get(page_of(held)).content.decode()
    assert "It came together with many others in a way that programs sign." in html

    services.release(signatures=Signature.objects.filter(pk=held.pk), reason="found_good", staff=None)
    assert tally.count(campaign.pk) == 1
    assert doubts(held) == []


def test_far_beyond_the_limit_nothing_is_stored_and_the_page_says_when_to_come_back(campaign: Campaign) -> None:
    for number in range(6):
        assert isinstance(sign(campaign, number), Signature)

    response = Client().post(URL, form_data(campaign, email="p7@d7.example"))

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 3600
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert (Signature.objects.count(), Letter.objects.count()) == (6, 6)
    assert isinstance(sign(campaign, 8, REMOTE_ADDR="198.51.100.7"), Signature)


def test_far_beyond_the_limit_of_a_domain_its_neighbours_still_sign(campaign: Campaign) -> None:
    flood = [sign(campaign, number, email=f"p{number}@example.net") for number in range(10)]

    assert [signature for signature in flood if not isinstance(signature, Signature)] == [429] * 6
    assert isinstance(sign(campaign, 11), Signature)
    assert Signature.objects.count() == Letter.objects.count() == 5


def test_a_form_that_comes_back_counts_for_nothing(campaign: Campaign) -> None:
    for change in [{"country": ""}, {"email": "ana@"}, {"consent": ""}, {"name": ["Ana", "Beto"]}] * 3:
        assert sign(campaign, **change) == 422

    assert cache._cache.get_client().keys("*") == []
    assert doubts(sign(campaign)) == []
    assert len(cache._cache.get_client().keys("*:rl:*")) == 5  # or nothing would have been counted at all


HONEYPOTS = {
    "a word": ["https://www.example.org"],
    "a space": [" "],
    "NUL": ["\x00"],
    "line breaks": ["a\r\nBcc: b@example.org"],
    "half a character": ["\ufffd\u202e"],
    "very much": ["x" * 200_000],
    "twice": ["", "x"],
}


@pytest.mark.parametrize("website", HONEYPOTS.values(), ids=HONEYPOTS)
def test_whatever_is_in_the_field_that_people_do_not_see_refuses_nobody(campaign: Campaign, website: list[str]) -> None:
    signature = sign(campaign, website=website)

    assert doubts(signature) == [("honeypot", "")]
    assert isinstance(signature, Signature)
    assert (signature.moderation, Letter.objects.get().state) == ("clear", "waiting")


@pytest.mark.parametrize("body", [b"website=", b"website=&website=", b""])
def test_the_field_that_people_do_not_see_left_empty_is_no_doubt(campaign: Campaign, body: bytes) -> None:
    filled = b"name=Ana&email=ana%40example.org&country=PE&visibility=delivered&consent=on&consent_id="
    filled += form_data(campaign)["consent_id"].encode() + b"&"

    for more, kinds in ((body, []), (b"website=%ff%fe", ["honeypot"])):
        Client().post(URL, filled + more, content_type="application/x-www-form-urlencoded")
        assert list(Doubt.objects.values_list("kind", flat=True)) == kinds


def test_of_who_is_counted_only_a_doubt_tells_neither_name_nor_domain(campaign: Campaign) -> None:
    signatures = [
        sign(campaign, number, email=f"p{number}@example.net", visibility="secret", website="x") for number in range(4)
    ]

    held = signatures[-1]
    assert isinstance(held, Signature)
    assert (held.name, held.moderation) == ("", "held")
    services.confirm(signature_id=held.pk)
    assert doubts(held) == [("crowd", ""), ("honeypot", ""), ("one_domain", "")]
    held.refresh_from_db()
    assert held.email == ""


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded"),
    [
        (0, "192.0.2.{n}", "10.{n}.0.1"),
        (0, "::ffff:192.0.2.{n}", "10.{n}.0.1"),
        (0, "192.0.2.7:1{n}", "10.{n}.0.1, 10.{n}.0.2"),
        (0, "2001:db8:1:{n}::1", "2001:db8:{n}::1"),
        (0, "fe80::{n}%eth{n}", "10.{n}.0.1"),
        (0, "", "10.{n}.0.1"),
        (0, "unix:{n}", "10.{n}.0.1"),
        (1, "198.51.100.1", "10.{n}.0.1, 192.0.2.{n}"),
        (1, "198.51.100.1", "10.{n}.0.1,, 192.0.2.7:4{n}"),
        (1, "198.51.100.1", "10.{n}.0.1, [2001:db8:1::{n}]:443"),
        (1, "198.51.100.1", "10.{n}.0.1, not an address {n}"),
        (1, "198.51.100.1", ""),
        (2, "198.51.100.1", "10.{n}.0.1, 192.0.2.{n}, 198.51.100.2"),
        (2, "198.51.100.1", "192.0.2.{n}"),  # past one of the two: who connects is all that is known
    ],
)
def test_no_header_leads_to_another_networks_limit(
    campaign: Campaign, proxies: int, remote: str, forwarded: str
) -> None:
    with override_settings(TRUSTED_PROXY_COUNT=proxies):
        signed = [
            sign(campaign, n, REMOTE_ADDR=remote.format(n=n), HTTP_X_FORWARDED_FOR=forwarded.format(n=n))
            for n in range(7)
        ]

    assert [doubts(one) for one in signed[:-1]] == [[]] * 3 + [[("crowd", "")]] * 3
    assert signed[-1] == 429


def test_without_redis_signing_goes_on_and_the_limits_hold(
    campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(CACHES=AWAY):
        signed = [sign(campaign, number) for number in range(7)]
        limits.breaker.paused_until = 0  # asked again, within the minute
        refused = sign(campaign, 8)
        asked = [Client().get("/api/v1/campaigns/water-for-all/").status_code for _ in range(2)]

    assert [doubts(one) for one in signed[:-1]] == [[]] * 3 + [[("crowd", "")]] * 3
    assert (signed[-1], refused, asked) == (429, 429, [200, 200])
    said = [record.getMessage() for record in caplog.records if record.name == "signatures.limits"]
    assert said == ["Limits count within each process only: ConnectionError"]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_the_api_says_too_many_in_a_way_that_programs_read(campaign: Campaign) -> None:
    url = "/api/v1/campaigns/water-for-all/"
    with override_settings(LIMITS=LIMITS | {"api": Rate(2, 600)}):
        answers = [Client().get(url) for _ in range(3)]
        elsewhere = Client().get(url, REMOTE_ADDR="198.51.100.7")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    seconds = int(refused["Retry-After"])
    assert 0 < seconds <= 600
    assert refused.json() == {"error": f"Too many requests. Try again in {seconds} seconds."}
    assert (refused["Content-Type"], refused["Access-Control-Allow-Origin"]) == ("application/json", "*")
    assert "no-store" in refused["Cache-Control"]
    assert elsewhere.status_code == 200


# Letters


def sent(kind: str) -> list[tuple[str, str]]:
    return list(Letter.objects.filter(kind=kind).order_by("pk").values_list("state", "to"))


def test_a_network_that_signs_for_another_leaves_them_letters(campaign: Campaign) -> None:
    for number in range(6):
        sign(campaign, number, email=f"victim+{number % 2}@example.org")
    answers = [
        Client().post(URL, form_data(campaign, email="victim@example.org"), REMOTE_ADDR=remote)
        for remote in ("192.0.2.7", "198.51.100.7")
    ]

    # Six from one network, of which four were taken at all; then its owner, twice, from elsewhere.
    assert [state for state, _to in sent("confirmation")] == ["waiting"] * 3 + ["capped"] + ["waiting"] * 2
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [sorted(answer.headers) for answer in answers] == [sorted(answers[0].headers)] * 2


def test_asking_for_the_letter_again_keeps_to_the_share_and_answers_alike(campaign: Campaign) -> None:
    page = Client().post(URL, form_data(campaign, email="victim@example.org"))["Location"].partition("#")[0]

    def ask(remote: str) -> tuple[int, str]:
        answer = Client().post(f"{page}resend/", REMOTE_ADDR=remote)
        return answer.status_code, answer["Location"]

    answers = [ask("127.0.0.9") for _ in range(4)] + [ask("198.51.100.7")]

    assert answers == [(303, f"{page}?said=resent#main")] * 5
    assert [state for state, _to in sent("confirmation")] == ["waiting"] * 3 + ["capped"] * 2 + ["waiting"]


def test_asking_for_ones_page_keeps_to_the_share_and_answers_alike(campaign: Campaign) -> None:
    victim = sign(campaign, email="victim@example.org")
    assert isinstance(victim, Signature)
    services.confirm(signature_id=victim.pk)

    def ask(remote: str) -> tuple[int, str]:
        form = {"email": "victim@example.org"}
        answer = Client().post("/en/water-for-all/signature/", form, REMOTE_ADDR=remote)
        return answer.status_code, answer["Location"]

    answers = [ask("127.0.0.9") for _ in range(4)] + [ask("198.51.100.7")]

    assert set(answers) == {answers[0]}
    assert answers[0][0] == 303
    assert [state for state, _to in sent("page_link")] == ["waiting"] * 3 + ["capped", "waiting"]


def test_asking_a_new_address_keeps_to_the_share_and_answers_alike(campaign: Campaign) -> None:
    bot = sign(campaign, email="bot@example.net")
    assert isinstance(bot, Signature)
    services.confirm(signature_id=bot.pk)

    def ask(remote: str) -> tuple[int, str]:
        form = {"email": "victim@example.org"}
        answer = Client().post(f"{page_of(bot, fresh=True)}address/", form, REMOTE_ADDR=remote)
        return answer.status_code, answer["Location"].partition("?")[2]

    answers = [ask("127.0.0.9") for _ in range(4)] + [ask("198.51.100.7")]

    assert answers == [(303, "said=address#main")] * 5
    assert [state for state, _to in sent("address_change")] == ["waiting"] * 3 + ["capped", "waiting"]
