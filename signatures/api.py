"""The JSON that anybody may read: what a campaign is and how many signatures it has."""

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, CampaignText
from signatures import limits, tally

# Fewer than this from one country could point at people.
FEWEST_PER_COUNTRY = 10


@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    if limits.hit("api", request, "api"):
        return limits.too_many_for_program(request, "api", "api")
    texts = Prefetch("texts", CampaignText.objects.published())
    found = get_object_or_404(Campaign.objects.published().prefetch_related(texts), slug=slug)
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
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, public=True, max_age=5, stale_while_revalidate=30)
    return response
