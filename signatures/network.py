"""Where a request comes from: its address behind trusted proxies, the network around it, and the hashes that we keep.

No address is stored. An `Origin` holds HMACs under ADDRESS_KEY and a random salt of the day: equal on one day for one
network, so that staff see a burst, and beyond anybody's making once the salt is destroyed.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from signatures.keys import keyed_hash
from signatures.models import DaySalt, Origin

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_last_salt: tuple[date, bytes] | None = None  # one day's only: a destroyed salt must not live on here


def client_address(request: HttpRequest) -> Address | None:
    """The visitor's address, None where there is no sensible one. Never raises, whatever was sent.

    Each trusted proxy writes the address that it sees at the right end of X-Forwarded-For, so the entry that stands
    TRUSTED_PROXY_COUNT from the right is the outermost one's. What lies further left a client can write at will: it is
    never looked at, and an entry that cannot be read is not made up for by another.
    """
    proxies = settings.TRUSTED_PROXY_COUNT
    header = request.META.get("HTTP_X_FORWARDED_FOR", "")  # repeated ones come joined by commas
    if proxies and header.strip():
        entries = header.rsplit(",", proxies)
        if len(entries) >= proxies:
            return read_address(entries[-proxies])
    # No proxy, or somebody who has come past one of them: who has connected is the only thing known.
    return read_address(str(request.META.get("REMOTE_ADDR") or ""))


def read_address(text: str) -> Address | None:
    """An address out of how proxies write one: with a port, brackets or a zone, or as IPv4 within IPv6."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:  # IPv4 and a port
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def network_of(address: Address) -> Network:
    """What one household, company or mast has: the /24 of IPv4, the /48 of IPv6."""
    if isinstance(address, IPv4Address):
        return IPv4Network((int(address), 24), strict=False)
    return IPv6Network((int(address), 48), strict=False)


def origin_of(request: HttpRequest) -> Origin | None:
    """An unsaved `Origin`, still without its signature; None where the address is not known.

    One query or two at a process's first request of the day, else none.
    """
    address = client_address(request)
    if address is None:
        return None
    day = datetime.now(UTC).date()
    of_address, of_network = hashes_with(salt_of(day), address)
    return Origin(day=day, address=of_address, network=of_network)


def hashes_with(salt: bytes, address: Address) -> tuple[bytes, bytes]:
    """What an `Origin` holds for an address and for its network, on the day of that salt."""
    return _address_hash(salt, address), _network_hash(salt, network_of(address))


def hashes_of(network: Network) -> list[bytes]:
    """What `Origin.network` holds for a network, one for each day whose salt is kept, the oldest first.

    Only a /24 or a /48 has hashes: raises ValueError for another size.
    """
    if network != network_of(network.network_address):
        raise ValueError("Networks are kept as /24 (IPv4) and /48 (IPv6).")
    salts = DaySalt.objects.order_by("day").values_list("salt", flat=True)
    return [_network_hash(bytes(salt), network) for salt in salts]


def hashes_since(day: date, places: Sequence[Address | Network]) -> list[bytes]:
    """What an `Origin` of that day or later holds for addresses, in `address`, or for networks, in `network`.

    As many hashes as kept days times places; one query.
    """
    salts = [bytes(salt) for salt in DaySalt.objects.filter(day__gte=day).values_list("salt", flat=True)]
    return [
        _address_hash(salt, place) if isinstance(place, Address) else _network_hash(salt, place)
        for salt in salts
        for place in places
    ]


def salt_of(day: date) -> bytes:
    """The salt of a day, made by whoever asks first.

    It is remembered once the transaction has been committed: one that is rolled back takes its salt with it.
    """
    last = _last_salt
    if last and last[0] == day:
        return last[1]
    DaySalt.objects.bulk_create([DaySalt(day=day, salt=secrets.token_bytes(32))], ignore_conflicts=True)
    salt = bytes(DaySalt.objects.values_list("salt", flat=True).get(day=day))
    transaction.on_commit(partial(_remember, day, salt))
    return salt


def _remember(day: date, salt: bytes) -> None:
    global _last_salt
    _last_salt = (day, salt)


def _address_hash(salt: bytes, address: Address) -> bytes:
    return keyed_hash("network addresses", salt + address.packed)[:16]


def _network_hash(salt: bytes, network: Network) -> bytes:
    return keyed_hash("networks", salt + network.network_address.packed)[:16]
