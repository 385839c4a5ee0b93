"""Whether the process lives, and whether it can serve."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 once the process serves; the body reports each part. Without Redis one can still sign, so it is no reason
    to take a process out, and without PostgreSQL no other process would fare better."""
    return JsonResponse({"database": is_up(ask_database), "redis": is_up(ask_redis)})


def is_up(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # whatever it is, the answer is no
        return False
    return True


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_redis() -> None:
    cache.get("readyz")
