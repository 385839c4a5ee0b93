"""How many requests, how they ended and how long they took."""

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter, Histogram

from signatures.instruments import OF_PROCESS

BEFORE_ANY_VIEW = "none"  # a copy from memory, a static file, or an address that there is not

REQUESTS = Counter(
    "petition_requests",
    "Requests by view, and by the class of status they ended with.",
    ["view", "status"],
    registry=OF_PROCESS,
)
# Not by status as well, and with few buckets: each is a number for each process, summed up when somebody asks.
SECONDS = Histogram(
    "petition_request_seconds",
    "Until the answer was made; of an export, until its first line.",
    ["view"],
    buckets=[0.025, 0.1, 0.25, 0.5, 1, 2.5],
    registry=OF_PROCESS,
)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def timed(get_response: GetResponse) -> GetResponse:
    """The middleware."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begun = perf_counter()
        response = get_response(request)
        view = view_of(request)
        SECONDS.labels(view).observe(perf_counter() - begun)
        REQUESTS.labels(view, f"{response.status_code // 100}xx").inc()
        return response

    return middleware


def view_of(request: HttpRequest) -> str:
    """A name of ours. The admin's hundred are one: as many series for each process would be for nobody."""
    match = request.resolver_match
    if match is None:
        return BEFORE_ANY_VIEW
    return "admin" if "admin" in match.app_names else match.view_name
