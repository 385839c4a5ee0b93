"""The JSON that anybody may read: what a campaign is and how many signatures it has. `openapi.json` describes it."""

from collections.abc import Callable
from functools import cache, partial, wraps
from pathlib import Path

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, CampaignText
from signatures import limits, reading, tally

# Fewer than this from one country could point at people.
FEWEST_PER_COUNTRY = 10

View = Callable[..., HttpResponse]


def for_any_site(view: View) -> View:
    """Scripts of other sites may read it (CORS). Any method that changes is a 405, and not a form without its token."""

    @csrf_exempt
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return answer


@for_any_site
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    if limits.hit("api", request, "api"):
        return limits.too_many_for_program(request, "api", "api")
    texts = Prefetch("texts", CampaignText.objects.published())
    found = Campaign.objects.published().prefetch_related(texts).filter(slug=slug).first()
    if found is None:
        return nothing(request)
    count = tally.count(found.pk)
    response = JsonResponse(
        {
            "slug": found.slug,
            "title": {text.language: text.title for text in found.texts.all()},
            "state": found.state_now,
            "languages": [text.language for text in found.texts.all()],
            "goal": found.goal_for(count),
            "signatures": count,
            "countries": tally.by_country(found.pk, at_least=FEWEST_PER_COUNTRY),
        }
    )
    patch_cache_control(response, public=True, max_age=5, stale_while_revalidate=30)
    return response


@for_any_site
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """How many signatures there were at the end of each day on which that changed, today's so far included."""
    if limits.hit("api", request, "api"):
        return limits.too_many_for_program(request, "api", "api")
    found = Campaign.objects.published().filter(slug=slug).first()
    if found is None:
        return nothing(request)
    days = reading.a_little_old(partial(tally.by_day, found.pk))
    counted = [{"day": day.isoformat(), "signatures": n} for day, n in days.items()]
    response = JsonResponse({"slug": found.slug, "time_zone": settings.TIME_ZONE, "days": counted})
    patch_cache_control(response, public=True, max_age=60, stale_while_revalidate=60)
    return response


@for_any_site
def description(request: HttpRequest) -> HttpResponse:
    """What this interface promises, as an OpenAPI 3.1 document."""
    response = HttpResponse(document(), content_type="application/json")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@cache
def document() -> bytes:
    return Path(__file__).with_name("openapi.json").read_bytes()


@for_any_site
def nothing(request: HttpRequest, path: str = "") -> HttpResponse:
    """404 for a program, wherever below the interface's address it asked."""
    response = JsonResponse({"error": "There is nothing at this address."}, status=404)
    add_never_cache_headers(response)
    return response
