"""What is noticed about an attempt to sign: each thing by a count of its own, each attempt counted once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory, override_settings

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import limits, noticing
from signatures.models import Letter
from signatures.services import Attempt
from signatures.signals import Outcome, Signal, outcome_of
from tests.signatures.test_tasks import AWAY

CAMPAIGN, OTHER = Campaign(pk=1), Campaign(pk=2)
LIMITS = {
    "sign": Rate(6, 3600),
    "sign_domain": Rate(3, 3600),
    "sign_name": Rate(2, 3600),
    "sign_campaign": Rate(8, 3600),
    "letters": Rate(2, 3600),
}
numbers = iter(range(1_000_000))


@pytest.fixture(autouse=True, params=["redis", "without redis"])
def fresh(request: pytest.FixtureRequest) -> Iterator[None]:
    cache.clear()
    limits.breaker.reset()
    limits.here.counts.clear()
    caches = {} if request.param == "redis" else {"CACHES": AWAY}
    with override_settings(LIMITS=LIMITS, SIGN_MOST=12, SIGN_DOMAIN_MOST=5, **caches):
        yield
    limits.breaker.reset()
    limits.here.counts.clear()


def request_from(remote: str = "192.0.2.7") -> Any:
    return RequestFactory().post("/", REMOTE_ADDR=remote)


def notice(
    email: str = "",
    name: str = "",
    remote: str = "192.0.2.7",
    *,
    campaign: Campaign = CAMPAIGN,
    is_honeypot_filled: bool = False,
) -> noticing.Noticed:
    """Of somebody who has nothing in common with the others but what is given."""
    number = next(numbers)
    attempt = Attempt(name or f"Person {number}", email or f"ana@d{number}.example", "PE", "delivered", False)
    return noticing.notice(request_from(remote), campaign, attempt, is_honeypot_filled=is_honeypot_filled)


def found(*args: Any, **kwargs: Any) -> set[str]:
    return set(notice(*args, **kwargs).signals)


def test_nothing_is_noticed_about_people_below_every_limit() -> None:
    assert [notice() for _ in range(6)] == [noticing.Noticed()] * 6


def test_a_crowd_is_what_comes_from_one_network_beyond_its_limit() -> None:
    for last in range(6):
        notice(remote=f"192.0.2.{last}")

    assert found(remote="192.0.2.200") == {"crowd"}
    assert found(remote="192.0.3.1") == set()
    assert found(campaign=OTHER) == set()


def test_a_rush_is_what_comes_from_everywhere_beyond_the_limit_of_the_campaign() -> None:
    for number in range(8):
        assert found(remote=f"10.0.{number}.1") == set()

    assert found(remote="10.0.99.1") == {"rush"}
    assert found(campaign=OTHER) == set()


@pytest.mark.parametrize(
    ("emails", "next_one"),
    [
        (["a@example.net", "b@x.example.net", "c@x.y.EXAMPLE.net"], "d@z.example.net"),
        (["a@example.com.pe", "b@x.example.com.pe", "c@y.example.com.pe"], "d@example.com.pe"),
        (["ana@hotmail.es", "ana+1@hotmail.es", "Ana+2@hotmail.es"], "ana+3@hotmail.es"),
        (["ana.example@gmail.com", "anaexample+1@gmail.com", "a.naexample@googlemail.com"], "anaexample@gmail.com"),
    ],
)
def test_one_domain_is_whatever_one_domain_or_one_mailbox_can_make_up(emails: list[str], next_one: str) -> None:
    assert [found(email) for email in emails] == [set()] * 3
    assert found(next_one) == {"one_domain"}
    assert found(next_one, remote="198.51.100.7") == set()


@pytest.mark.parametrize("domain", ["gmail.com", "hotmail.es", "yahoo.com.pe"])
def test_people_of_a_large_provider_are_not_of_one_domain(domain: str) -> None:
    assert [found(f"p{number}@{domain}") for number in range(6)] == [set()] * 6


def test_neighbours_under_a_registry_are_not_of_one_domain() -> None:
    assert [found(f"ana@d{number}.edu.pe") for number in range(6)] == [set()] * 6


def test_who_has_bought_what_looks_like_a_registry_is_one_domain() -> None:
    assert [found(f"ana@d{number}.gub.me") for number in range(4)] == [set()] * 3 + [{"one_domain"}]


def test_one_name_is_the_same_however_it_is_written() -> None:
    assert [found(name=name) for name in ("José Ñahui", "JOSÉ  ÑAHUI")] == [set()] * 2
    assert found(name=" josé ñahui") == {"one_name"}
    assert found(name="José Ñahui", remote="198.51.100.7") == set()


def test_those_who_give_their_first_name_only_are_not_of_one_name() -> None:
    assert [found(name="María") for _ in range(5)] == [set()] * 5


def test_those_who_give_no_name_are_not_of_one_name() -> None:
    attempts = [Attempt("", f"ana@d{number}.example", "PE", "secret", False) for number in range(5)]

    noticed = [noticing.notice(request_from(), CAMPAIGN, one, is_honeypot_filled=False) for one in attempts]

    assert noticed == [noticing.Noticed()] * 5


def test_throw_away_domains_and_the_filled_field_are_noticed_at_once() -> None:
    assert found("ana@x.mailinator.com") == {"disposable"}
    assert found(is_honeypot_filled=True) == {"honeypot"}
    assert found("ana@mailinator.com", is_honeypot_filled=True) == {"disposable", "honeypot"}


def test_an_attempt_counts_once_for_each_limit() -> None:
    for _ in range(2):
        notice("ana@example.net", "Ana Example")

    request = request_from()
    of = {"sign": 1, "sign_domain": "1 example.net", "sign_name": "1 ana example"}
    assert {name: limits.count(name, request, what) for name, what in of.items()} == dict.fromkeys(of, 3)
    assert limits.count_in_turn(request, [limits.Counter("sign_campaign", 1, is_anywhere=True)]) == [3]


def test_what_is_too_much_of_one_domain_counts_for_nothing_else() -> None:
    flood = [notice(f"p{number}@example.net", "Ana") for number in range(20)]

    assert [noticed.too_much for noticed in flood] == [None] * 5 + [("sign_domain", "1 example.net")] * 15
    # The five before it have counted.
    assert found() == set()
    assert found() == {"crowd"}
    assert found(remote="198.51.100.7") == set()  # nor has the campaign been rushed: eight came


def test_what_is_too_much_of_one_network_is_said_with_its_limit() -> None:
    too_much = [notice().too_much for _ in range(14)]

    assert too_much == [None] * 12 + [("sign", 1)] * 2
    assert notice(remote="198.51.100.7").too_much is None


def test_a_shared_network_alone_holds_nobody() -> None:
    with override_settings(SIGN_MOST=1000):
        noticed = [notice(f"p{n}@gmail.com" if n % 2 else f"ana@d{n}.example") for n in range(60)]

    assert {outcome_of(one.signals) for one in noticed} == {Outcome.NOTHING, Outcome.CHALLENGE}
    assert set().union(*(one.signals for one in noticed)) == {Signal.CROWD, Signal.RUSH}


def test_a_network_may_have_a_share_of_each_kind_of_letter_sent_to_a_mailbox() -> None:
    def asks(email: str, kind: Letter.Kind = Letter.Kind.CONFIRMATION, remote: str = "192.0.2.7") -> bool:
        return limits.is_beyond_share(request_from(remote), CAMPAIGN.pk, kind, email)

    assert [asks(email) for email in ("ana@example.org", "Ana+1@Example.org", "ana+2@example.org")] == [
        False,
        False,
        True,
    ]
    assert not asks("ana@example.org", Letter.Kind.PAGE_LINK)
    assert not asks("ana@example.org", remote="198.51.100.7")
    assert not asks("beto@example.org")


def test_redis_learns_no_name_domain_or_address() -> None:
    notice("ana@secret-place.example", "Ana Example")
    limits.is_beyond_share(request_from(), CAMPAIGN.pk, Letter.Kind.CONFIRMATION, "ana@secret-place.example")

    redis = cache._cache.get_client() if not limits.here.counts else None
    keys = redis.keys("*") if redis else [str(key).encode() for key in limits.here.counts]
    assert len(keys) == 5
    held = b"\n".join(keys).lower()
    assert [word for word in (b"ana", b"secret-place", b"192.0.2") if word in held] == []
