"""What search engines may list: the pages of published campaigns in each language that they have."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.utils import translation

from campaigns.models import Campaign, CampaignText


class CampaignSitemap(Sitemap):
    changefreq = "hourly"

    # Not those that the request names: caches would keep them.

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: object = None) -> str:
        return urlsplit(settings.SITE_URL).netloc

    def items(self) -> QuerySet[CampaignText]:
        return (
            CampaignText.objects.published()
            .filter(campaign__in=Campaign.objects.published())
            .select_related("campaign")
        )

    def location(self, item: CampaignText) -> str:
        with translation.override(item.language):
            return item.get_absolute_url()
