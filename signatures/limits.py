"""How often something may be done by one network, in one campaign, to one address or account: named rates, and the only
user of django-ratelimit.

Redis counts for all processes. While it is away each process counts by itself, so that a limit is never an error.
"""

import logging
from collections.abc import Sequence
from functools import partial
from threading import Lock
from time import time
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django_ratelimit.core import EXPIRATION_FUDGE, _get_window, _make_cache_key, get_usage

from signatures import addresses, network
from signatures.breaker import Breaker
from signatures.instruments import LIMITS_CROSSED
from signatures.keys import keyed_hash
from signatures.models import Letter

breaker = Breaker(logging.getLogger(__name__), "Limits count within each process only")


class Use(NamedTuple):
    """What a window has counted, and in how many seconds the next one begins."""

    times: int
    seconds_left: int


class Counter(NamedTuple):
    """One of several counts that belong together, of one network or of all; beyond `most` those after it are not
    counted."""

    name: str
    of: int | str
    is_anywhere: bool = False
    most: int = 2**53  # what Lua can count to


# For KEYS in turn, with two ARGV each: seconds to live, and the most. Answers what each has counted.
IN_TURN = """
local counts = {}
for n, key in ipairs(KEYS) do
    redis.call('SET', key, 0, 'EX', ARGV[2 * n - 1], 'NX')
    counts[n] = redis.call('INCR', key)
    if counts[n] > tonumber(ARGV[2 * n]) then break end
end
return counts
"""


def is_over(name: str, request: HttpRequest, of: int | str) -> bool:
    """Whether all that the rate allows has been used, so that one more would be too many. Counts nothing.

    Requests that look before any of them has counted get through together: as many as the site answers at once.
    """
    return note(name, is_crossed=_use(name, request, of, add=0).times >= settings.LIMITS[name].times)


def count(name: str, request: HttpRequest, of: int | str) -> int:
    """Counts one, and says which it was."""
    return _use(name, request, of, add=1).times


def count_in_turn(request: HttpRequest, counters: Sequence[Counter]) -> list[int]:
    """Counts one for each, and says which each was; shorter where one was beyond its most.

    As `count` does, whose counts these are, but in one trip to Redis: each signer waits for it.
    """
    keys = [bucket(request, counter.of, is_anywhere=counter.is_anywhere) for counter in counters]
    if (counts := breaker.ask(partial(_in_turn, counters, keys))) is None:
        counts = []
        for counter, key in zip(counters, keys, strict=True):
            counts.append(here.use(f"{counter.name} {key}", settings.LIMITS[counter.name].seconds, 1).times)
            if counts[-1] > counter.most:
                break
    for counter, n in zip(counters, counts, strict=False):
        note(counter.name, is_crossed=n > settings.LIMITS[counter.name].times)
        note(f"{counter.name}_most", is_crossed=n > counter.most)
    return counts


def hit(name: str, request: HttpRequest, of: int | str) -> bool:
    """Counts one, and says whether that was too many."""
    return note(name, is_crossed=_use(name, request, of, add=1).times > settings.LIMITS[name].times)


def note(name: str, *, is_crossed: bool) -> bool:
    """Counts it for whoever looks after the site; of whom is not noted."""
    if is_crossed:
        LIMITS_CROSSED.labels(name).inc()
    return is_crossed


def is_beyond_share(request: HttpRequest, campaign_id: int, kind: Letter.Kind, email: str) -> bool:
    """Counts a letter of that kind to an address, and says whether it is more than this network may have sent there,
    under whatever tag."""
    return hit("letters", request, share(campaign_id, kind, email))


def share(campaign_id: int, kind: Letter.Kind, email: str) -> str:
    """What `letters` counts by."""
    return f"{campaign_id} {kind} {addresses.untagged(email)}"


def retry_after(name: str, request: HttpRequest, of: int | str) -> int:
    """Seconds until everything that the rate allows can be used again."""
    return _use(name, request, of, add=0).seconds_left


def too_many(request: HttpRequest, name: str, of: int | str) -> HttpResponse:
    """429 (RFC 6585, 4), with a page in Spanish and English."""
    seconds = retry_after(name, request, of)
    response = render(request, "429.html", {"minutes": -(-seconds // 60)}, status=429)
    response["Retry-After"] = str(seconds)
    add_never_cache_headers(response)
    return response


def too_many_for_program(request: HttpRequest, name: str, of: int | str) -> JsonResponse:
    """The same for the API."""
    seconds = retry_after(name, request, of)
    response = JsonResponse({"error": f"Too many requests. Try again in {seconds} seconds."}, status=429)
    response["Retry-After"] = str(seconds)
    add_never_cache_headers(response)
    return response


def bucket(request: HttpRequest, of: int | str, *, is_anywhere: bool = False) -> str:
    """Stands for a network and what is counted in it, under a key: whoever reads Redis learns neither.

    Requests whose address is not known are one network.
    """
    address = None if is_anywhere else network.client_address(request)
    packed = network.network_of(address).network_address.packed if address else b""
    return keyed_hash("limits", f"{of} ".encode() + packed).hex()


def _use(name: str, request: HttpRequest, of: int | str, *, add: int) -> Use:
    """What this window has counted, with the one that is added now."""
    key = bucket(request, of)
    use = breaker.ask(partial(_in_redis, name, request, key, add))
    return here.use(f"{name} {key}", settings.LIMITS[name].seconds, add) if use is None else use


def _in_redis(name: str, request: HttpRequest, key: str, add: int) -> Use | None:
    """The count of all processes; None where Redis lost it between two commands."""
    usage = get_usage(
        request, group=name, key=lambda group, request: key, rate=settings.LIMITS[name], increment=bool(add)
    )
    # A limit of 0, which no rate of ours has, is its way of saying that it could not count.
    # In the last second of a window no time is left, says it.
    return Use(usage["count"], usage["time_left"] + 1) if usage["limit"] else None


def _in_turn(counters: Sequence[Counter], keys: Sequence[str]) -> list[int]:
    """Under the names that get_usage gives them, so that it finds them too."""
    names, arguments = [], []
    for counter, key in zip(counters, keys, strict=True):
        rate = settings.LIMITS[counter.name]
        named = _make_cache_key(counter.name, _get_window(key, rate.seconds), rate, key, get_usage.ALL)
        names.append(cache.make_key(named))
        arguments += [rate.seconds + EXPIRATION_FUDGE, counter.most]
    redis: Any = cache._cache.get_client(write=True)  # type: ignore[attr-defined]  # of Django's backend for Redis
    return [int(n) for n in redis.eval(IN_TURN, len(names), *names, *arguments)]


class LocalCounts:
    """Fixed windows in the memory of this process; those that were counted longest ago give way to new ones."""

    MOST = 10_000  # counts, a few megabytes

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}
        self.lock = Lock()

    def use(self, key: str, seconds: int, add: int) -> Use:
        number, gone = divmod(int(time()), seconds)
        window = (key, number)
        with self.lock:
            times = self.counts.get(window, 0) + add
            if add:
                # To the end, or a flood of new names could push out the count of the network that it comes from.
                self.counts.pop(window, None)
                if len(self.counts) >= self.MOST:
                    del self.counts[next(iter(self.counts))]
                self.counts[window] = times
            return Use(times, seconds - gone)


here = LocalCounts()
