"""A campaign's page with words that are not published yet, by the template that shows it to visitors."""

from django.db.models import Prefetch, Q, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from campaigns import services
from campaigns.models import Campaign, CampaignText
from campaigns.views import shown


def page(request: HttpRequest, text: CampaignText) -> HttpResponse:
    """What its visitors will see. The form in it sends no signature: no version of the consent text is in it yet.

    A campaign that is still a draft is shown as it opens. Raises ValidationError where the words have no structure.
    """
    words = text.with_draft()
    languages = CampaignText.objects.filter(Q(published_at__isnull=False) | Q(pk=text.pk))
    campaign = Campaign.objects.get(pk=text.campaign_id)
    prefetch_related_objects([campaign], Prefetch("texts", languages))
    words.campaign = campaign
    if services.is_change(text if text.published_at else None, words):
        words.changed_at = timezone.now()
    if campaign.state == Campaign.State.DRAFT:
        campaign.state = Campaign.State.OPEN
    with translation.override(text.language):
        request.path = request.path_info = words.get_absolute_url()
        response = shown(request, words, consent=services.draft_consent(words))
        response["Content-Language"] = text.language
    add_never_cache_headers(response)
    return response
