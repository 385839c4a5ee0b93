"""How often something may be done by one network, in one campaign, to one address or account: named rates, and the only
user of django-ratelimit.

Redis counts for all processes. While it is away each process counts by itself, so that a limit is never an error.
"""

import logging
from functools import partial
from threading import Lock
from time import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django_ratelimit.core import get_usage

from signatures import network
from signatures.breaker import Breaker
from signatures.keys import keyed_hash

breaker = Breaker(logging.getLogger(__name__), "Limits count within each process only")


def is_over(name: str, request: HttpRequest, of: int | str, *, times: int | None = None) -> bool:
    """Whether all that the rate allows, or so many in its time, has been used: one more would be too many. Counts
    nothing.

    Requests that look before any of them has counted get through together: as many as the site answers at once.
    """
    return _used(name, request, of, add=0) >= (times or settings.LIMITS[name].times)


def count(name: str, request: HttpRequest, of: int | str) -> int:
    """Counts one, and says which it was."""
    return _used(name, request, of, add=1)


def hit(name: str, request: HttpRequest, of: int | str) -> bool:
    """Counts one, and says whether that was too many."""
    return _used(name, request, of, add=1) > settings.LIMITS[name].times


def hit_anywhere(name: str, request: HttpRequest, of: int | str) -> bool:
    """The same, from whatever network."""
    return _used(name, request, of, add=1, is_anywhere=True) > settings.LIMITS[name].times


def retry_after(name: str) -> int:
    """Seconds after which the window of a rate is over at the latest."""
    seconds: int = settings.LIMITS[name].seconds
    return seconds


def too_many(request: HttpRequest, name: str) -> HttpResponse:
    """429 (RFC 6585, 4), with a page in Spanish and English."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(retry_after(name))
    add_never_cache_headers(response)
    return response


def too_many_for_program(name: str) -> JsonResponse:
    """The same for the API."""
    response = JsonResponse({"error": f"Too many requests. Try again in {retry_after(name)} seconds."}, status=429)
    response["Retry-After"] = str(retry_after(name))
    response["Access-Control-Allow-Origin"] = "*"
    add_never_cache_headers(response)
    return response


def bucket(request: HttpRequest, of: int | str, *, is_anywhere: bool = False) -> str:
    """Stands for a network and what is counted in it, under a key: whoever reads Redis learns neither.

    Requests whose address is not known are one network.
    """
    address = None if is_anywhere else network.client_address(request)
    packed = network.network_of(address).network_address.packed if address else b""
    return keyed_hash("limits", f"{of} ".encode() + packed).hex()


def _used(name: str, request: HttpRequest, of: int | str, *, add: int, is_anywhere: bool = False) -> int:
    """How many this window has counted, with the one that is added now."""
    key = bucket(request, of, is_anywhere=is_anywhere)
    used = breaker.ask(partial(_in_redis, name, request, key, add))
    return here.used(f"{name} {key}", settings.LIMITS[name].seconds, add) if used is None else used


def _in_redis(name: str, request: HttpRequest, key: str, add: int) -> int | None:
    """The count of all processes; None where Redis lost it between two commands."""
    usage = get_usage(
        request, group=name, key=lambda group, request: key, rate=settings.LIMITS[name], increment=bool(add)
    )
    # A limit of 0, which no rate of ours has, is its way of saying that it could not count.
    return usage["count"] if usage["limit"] else None


class LocalCounts:
    """Fixed windows in the memory of this process; the oldest counts give way to new ones."""

    MOST = 10_000  # counts, a few megabytes

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}
        self.lock = Lock()

    def used(self, key: str, seconds: int, add: int) -> int:
        window = (key, int(time()) // seconds)
        with self.lock:
            used = self.counts.get(window, 0) + add
            if add:
                if window not in self.counts and len(self.counts) >= self.MOST:
                    del self.counts[next(iter(self.counts))]
                self.counts[window] = used
            return used


here = LocalCounts()
