"""What search engines may list: the pages of published campaigns in each language that they have."""

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.utils import translation

from campaigns.models import Campaign, CampaignText


class CampaignSitemap(Sitemap):
    changefreq = "hourly"

    def items(self) -> QuerySet[CampaignText]:
        return (
            CampaignText.objects.published()
            .filter(campaign__in=Campaign.objects.published())
            .select_related("campaign")
        )

    def location(self, item: CampaignText) -> str:
        with translation.override(item.language):
            return item.get_absolute_url()
