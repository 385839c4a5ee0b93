"""The Atom feed of a campaign's updates (RFC 4287)."""

from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from campaigns.models import CampaignText, Update
from campaigns.views import find_text, kept


class UpdatesFeed(Feed):
    feed_type = Atom1Feed

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = kept(request, super().__call__(request, *args, **kwargs))
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def get_object(self, request: HttpRequest, slug: str) -> CampaignText:
        return find_text(slug)

    def title(self, text: CampaignText) -> str:
        return text.title

    def subtitle(self, text: CampaignText) -> str:
        return text.summary_in_words

    # Whole addresses: Django would else take the host that the request names, and caches would keep it.

    def link(self, text: CampaignText) -> str:
        return settings.SITE_URL + text.get_absolute_url()

    def feed_url(self, text: CampaignText) -> str:
        return settings.SITE_URL + reverse("campaigns:updates", kwargs={"slug": text.campaign.slug})

    def items(self, text: CampaignText) -> list[Update]:
        return list(Update.objects.published(text.campaign, text.language).select_related("campaign")[:30])

    def item_title(self, update: Update) -> str:
        return update.title

    def item_description(self, update: Update) -> str:
        return update.rendered["body"]

    def item_link(self, update: Update) -> str:
        page = reverse("campaigns:page", kwargs={"slug": update.campaign.slug})
        return f"{settings.SITE_URL}{page}#update-{update.pk}"

    def item_pubdate(self, update: Update) -> object:
        """In the site's zone, as on the page."""
        return timezone.localtime(update.published_at)

    item_updateddate = item_pubdate
