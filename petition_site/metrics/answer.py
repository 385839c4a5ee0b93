"""The address that Prometheus reads: `/metrics`, for whoever has METRICS_TOKEN."""

import os
from collections.abc import Callable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from petition_site.metrics.database import Database, Surroundings
from signatures.instruments import OF_PROCESS

PATH = "/metrics"


def told_by_token(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware, before any that looks at the host: inside a network of containers Prometheus asks each process by
    another name than visitors do."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return metrics(request) if request.path_info == PATH else get_response(request)

    return middleware


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """404 while there is no token to be had."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Not found.\n", "text/plain", 404)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        refusal = HttpResponse("This address wants the token in METRICS_TOKEN.\n", "text/plain", 401)
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    return HttpResponse(generate_latest(Everything()), CONTENT_TYPE_LATEST)


class Everything(CollectorRegistry):
    def collect(self) -> Iterator[Metric]:
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if folder:
            yield from MultiProcessCollector(None, folder).collect()  # type: ignore[no-untyped-call]  # not typed yet
        else:
            yield from OF_PROCESS.collect()
        yield from Database().collect()
        yield from Surroundings().collect()
