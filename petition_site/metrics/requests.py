"""How many requests, how they ended and how long they took."""

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Histogram

from signatures.instruments import OF_PROCESS

BEFORE_ANY_VIEW = "none"  # a copy from memory, a static file, or an address that there is not

SECONDS = Histogram(
    "petition_request_seconds",
    "Until the answer was made; of an export, until its first line.",
    ["view", "status"],
    buckets=[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registry=OF_PROCESS,
)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def timed(get_response: GetResponse) -> GetResponse:
    """The middleware."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begun = perf_counter()
        response = get_response(request)
        SECONDS.labels(view_of(request), f"{response.status_code // 100}xx").observe(perf_counter() - begun)
        return response

    return middleware


def view_of(request: HttpRequest) -> str:
    """A name of ours. The admin's hundred are one: as many series for each process would be for nobody."""
    match = request.resolver_match
    if match is None:
        return BEFORE_ANY_VIEW
    return "admin" if "admin" in match.app_names else match.view_name
