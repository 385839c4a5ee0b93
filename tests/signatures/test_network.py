"""Where a request comes from: no header makes it raise, none lets a client choose, and no address is stored."""

from collections.abc import Callable
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from signatures import network
from signatures.models import DaySalt, Origin
from tests.signatures.test_concurrency import at_once

PROXY = "198.51.100.1"


def request_from(remote: object = "192.0.2.7", forwarded: str | None = None) -> Any:
    request = RequestFactory().get("/")
    request.META["REMOTE_ADDR"] = remote
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return request


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("  192.0.2.7\t", "192.0.2.7"),
        ("192.0.2.7:65535", "192.0.2.7"),
        ("2001:DB8::0:7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::1", "::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ("::ffff:192.0.2.7%eth0", "192.0.2.7"),
    ],
)
def test_an_address_is_read_however_it_is_written(text: str, address: str) -> None:
    expected = ip_address(address)

    assert network.client_address(request_from(text)) == expected
    with override_settings(TRUSTED_PROXY_COUNT=1):
        assert network.client_address(request_from(PROXY, text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ":",
        "[",
        "]",
        "[]",
        "[]:80",
        "%",
        "%eth0",
        ":80",
        "unknown",
        "unix:",
        "_hidden",
        "localhost",
        "192.0.2",
        "192.0.2.7.7",
        "192.0.2.256",
        "192.0.2.07",
        "192.0.2.7/24",
        "192.0.2.7;198.51.100.7",
        "192.0.2.7 198.51.100.7",
        "3221225991",
        "0xC0000207",
        "١٩٢.0.2.7",
        "192。0。2。7",
        "192.0.2.7\x00",
        "\ud800",
        "2001:db8::g",
        "2001:db8:::7",
        "1:2:3:4:5:6:7:8:9",
        "for=192.0.2.7",
        "1" * 100_000,
        ":" * 100_000,
        "." * 100_000,
        "[" * 100_000,
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert network.client_address(request_from(text)) is None
    with override_settings(TRUSTED_PROXY_COUNT=1):
        assert network.client_address(request_from(PROXY, f"203.0.113.1, {text or '-'}")) is None


@pytest.mark.parametrize("remote", [None, "", b"192.0.2.7", ("192.0.2.7", 80), 3221225991])
def test_a_server_that_names_no_address_gives_none(remote: object) -> None:
    assert network.client_address(request_from(remote)) is None
    request = request_from()
    del request.META["REMOTE_ADDR"]
    assert network.client_address(request) is None


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.1", "192.0.2.7"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "10.0.0.1, 203.0.113.1", "203.0.113.1"),
        (1, "10.0.0.1,203.0.113.1 ", "203.0.113.1"),
        (2, "10.0.0.1, 203.0.113.1, 198.51.100.1", "203.0.113.1"),
        (3, "203.0.113.1, 198.51.100.2, 198.51.100.1", "203.0.113.1"),
        # Fewer than there are proxies: it has come past one of them.
        (1, None, "192.0.2.7"),
        (1, "", "192.0.2.7"),
        (1, "  ", "192.0.2.7"),
        (2, "203.0.113.1", "192.0.2.7"),
        (3, "203.0.113.1, 198.51.100.1", "192.0.2.7"),
        # What the trusted proxy wrote says nothing, and nothing else stands in for it.
        (1, "203.0.113.1,", None),
        (1, "203.0.113.1, unknown", None),
        (2, "203.0.113.1,, 198.51.100.1", None),
        # Commas of the client's shift nothing.
        (1, ",,,, 203.0.113.1", "203.0.113.1"),
        (1, "10.0.0.1," * 50_000 + "203.0.113.1", "203.0.113.1"),
    ],
)
def test_proxies_are_counted_from_the_right(proxies: int, forwarded: str | None, address: str | None) -> None:
    with override_settings(TRUSTED_PROXY_COUNT=proxies):
        assert network.client_address(request_from(forwarded=forwarded)) == (ip_address(address) if address else None)


def test_a_header_that_comes_twice_is_one() -> None:
    request = RequestFactory().get("/", headers={"x-forwarded-for": "10.0.0.1,203.0.113.1"}, REMOTE_ADDR=PROXY)

    with override_settings(TRUSTED_PROXY_COUNT=1):
        assert network.client_address(request) == ip_address("203.0.113.1")


junk = st.text() | st.text("0123456789abcdef.:[]%, /") | st.lists(st.ip_addresses().map(str)).map(",".join)


@given(remote=junk | st.none(), forwarded=junk | st.none(), proxies=st.integers(0, 5))
def test_nothing_that_is_sent_makes_it_raise(remote: str | None, forwarded: str | None, proxies: int) -> None:
    with override_settings(TRUSTED_PROXY_COUNT=proxies):
        address = network.client_address(request_from(remote, forwarded))

    assert address is None or address in network.network_of(address)


@given(
    sent=junk,
    client=st.ip_addresses(),
    between=st.lists(st.ip_addresses(), max_size=4),
    separator=st.sampled_from([",", ", "]),
)
def test_a_client_behind_trusted_proxies_can_not_choose_its_address(
    sent: str, client: Any, between: list[Any], separator: str
) -> None:
    chain = [*map(str, [client, *between])]  # what each proxy sees, the outermost first; the last one connects to us
    expected = getattr(client, "ipv4_mapped", None) or client

    with override_settings(TRUSTED_PROXY_COUNT=len(chain)):
        assert network.client_address(request_from(PROXY, separator.join(chain))) == expected
        assert network.client_address(request_from(PROXY, separator.join([sent, *chain]))) == expected


def test_a_network_is_a_24_or_a_48() -> None:
    assert network.network_of(ip_address("192.0.2.7")) == ip_network("192.0.2.0/24")
    assert network.network_of(ip_address("2001:db8:1:2::7")) == ip_network("2001:db8:1::/48")
    assert network.network_of(ip_address("::1")) == ip_network("::/48")
    assert network.network_of(ip_address("fe80::1%eth0")) == ip_network("fe80::/48")


def hashes(origin: Origin | None) -> tuple[bytes, bytes]:
    assert origin is not None
    return origin.address, origin.network


@pytest.mark.django_db
def test_an_origin_tells_neighbours_and_networks_apart_without_holding_an_address() -> None:
    origin = network.origin_of(request_from("192.0.2.7"))
    assert origin is not None
    same, neighbour, elsewhere = (
        hashes(network.origin_of(request_from(remote))) for remote in ("192.0.2.7", "192.0.2.8", "203.0.113.7")
    )

    assert (origin.pk, len(origin.address), len(origin.network)) == (None, 16, 16)
    assert hashes(origin) == same
    assert (neighbour[0] != same[0], neighbour[1] == same[1]) == (True, True)
    assert set(elsewhere).isdisjoint(same)
    assert network.origin_of(request_from("")) is None


@pytest.mark.django_db
def test_an_origin_can_be_made_neither_without_the_key_nor_for_another_day() -> None:
    with time_machine.travel("2026-05-01T23:59:00Z", tick=False):
        first = network.origin_of(request_from())
        with override_settings(ADDRESS_KEY="another key, " * 5):
            other_key = network.origin_of(request_from())
    with time_machine.travel("2026-05-02T00:01:00Z", tick=False):
        next_day = network.origin_of(request_from())

    assert first and other_key and next_day
    assert (first.day, next_day.day) == (date(2026, 5, 1), date(2026, 5, 2))
    salts = [bytes(salt) for salt in DaySalt.objects.order_by("day").values_list("salt", flat=True)]
    assert [len(salt) for salt in salts] == [32, 32]
    assert salts[0] != salts[1]
    assert len({*hashes(first), *hashes(other_key), *hashes(next_day)}) == 6


@pytest.mark.django_db
def test_a_typed_network_has_a_hash_under_each_kept_salt() -> None:
    made = []
    for day in ("2026-05-03", "2026-05-01", "2026-05-02"):
        with time_machine.travel(f"{day}T12:00:00Z", tick=False):
            made.append(hashes(network.origin_of(request_from("2001:db8:1:2::7")))[1])
    typed = network.network_of(ip_address("2001:db8:1::"))

    assert network.hashes_of(typed) == [made[1], made[2], made[0]]
    DaySalt.objects.filter(day="2026-05-02").delete()
    assert network.hashes_of(typed) == [made[1], made[0]]
    assert set(network.hashes_of(network.network_of(ip_address("192.0.2.7")))).isdisjoint(made)


@pytest.mark.parametrize("size", ["192.0.2.0/25", "192.0.2.7/32", "192.0.0.0/16", "2001:db8::/32", "2001:db8::/64"])
def test_a_network_of_another_size_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match="/24"):
        network.hashes_of(ip_network(size))


@pytest.mark.django_db(transaction=True)
def test_a_process_asks_for_the_salt_once_a_day(django_assert_num_queries: Callable[[int], Any]) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False):
        network.origin_of(request_from())
        with django_assert_num_queries(0):
            network.origin_of(request_from("203.0.113.7"))
    with time_machine.travel("2026-05-02T12:00:00Z", tick=False):
        network.origin_of(request_from())
        with django_assert_num_queries(0):
            network.origin_of(request_from())

    assert DaySalt.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_salt_that_was_rolled_back_is_not_used() -> None:
    with transaction.atomic():
        lost = hashes(network.origin_of(request_from()))
        transaction.set_rollback(True)
    assert not DaySalt.objects.exists()

    kept = hashes(network.origin_of(request_from()))
    assert kept != lost
    assert network.hashes_of(network.network_of(ip_address("192.0.2.7"))) == [kept[1]]


@pytest.mark.django_db(transaction=True)
def test_the_first_requests_of_a_day_agree_on_one_salt() -> None:
    day = date(2026, 5, 1)
    salts = at_once([lambda: network.salt_of(day)] * 8)

    assert set(salts) == {bytes(DaySalt.objects.get().salt)}
