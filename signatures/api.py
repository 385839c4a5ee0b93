"""The JSON that anybody may read: what a campaign is and how many signatures it has. `openapi.json` describes it."""

from functools import cache, partial
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


@csrf_exempt  # so that any other method is a 405, and not a form without its token
@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    if limits.hit("api", request, "api"):
        return for_any_site(limits.too_many_for_program(request, "api", "api"))
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
    return for_any_site(response)


@csrf_exempt
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """How many signatures there were at the end of each day on which that changed, today's so far included."""
    if limits.hit("api", request, "api"):
        return for_any_site(limits.too_many_for_program(request, "api", "api"))
    found = Campaign.objects.published().filter(slug=slug).first()
    if found is None:
        return nothing(request)
    days = reading.a_little_old(partial(tally.by_day, found.pk))
    counted = [{"day": day.isoformat(), "signatures": n} for day, n in days.items()]
    response = JsonResponse({"slug": found.slug, "time_zone": settings.TIME_ZONE, "days": counted})
    patch_cache_control(response, public=True, max_age=60, stale_while_revalidate=60)
    return for_any_site(response)


@csrf_exempt
@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """What this interface promises, as an OpenAPI 3.1 document."""
    response = HttpResponse(document(), content_type="application/json")
    patch_cache_control(response, public=True, max_age=3600)
    return for_any_site(response)


@cache
def document() -> bytes:
    return Path(__file__).with_name("openapi.json").read_bytes()


@csrf_exempt
@require_safe
def nothing(request: HttpRequest, path: str = "") -> HttpResponse:
    """404 for a program, wherever below the interface's address it asked."""
    response = JsonResponse({"error": "There is nothing at this address."}, status=404)
    add_never_cache_headers(response)
    return for_any_site(response)


def for_any_site(response: HttpResponse) -> HttpResponse:
    """Scripts of other sites may read it (CORS)."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
