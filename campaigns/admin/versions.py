"""What was published and agreed to, for staff to read."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import ReadOnlyAdmin
from campaigns.checklist import label
from campaigns.models import CampaignText, ConsentText, TextVersion


@admin.register(ConsentText)
class ConsentTextAdmin(ReadOnlyAdmin):
    """Versions are made by publishing a campaign's words."""

    list_display = ["campaign", "language", "version", "created_at"]
    list_select_related = ["campaign"]


@admin.register(TextVersion)
class TextVersionAdmin(ReadOnlyAdmin):
    """Made by publishing words too."""

    list_display = ["campaign", "language", "version", "published_at", "published_by"]
    list_filter = ["campaign", "language"]
    list_select_related = ["campaign"]
    fields = ["campaign", "language", "version", "published_at", "published_by", "sha256", "as_published"]

    @admin.display(description=_("words"))
    def as_published(self, version: TextVersion) -> Any:
        # JSON keeps no order: that of the page, and last what has no field any more.
        names = [*CampaignText.WORDS, *sorted(version.words.keys() - {*CampaignText.WORDS})]
        words = [(label_of(name), version.words[name]) for name in names if version.words.get(name)]
        rows = format_html_join("", '<dt>{}</dt><dd class="said">{}</dd>', words)
        return format_html("<dl>{}</dl>", rows)


def label_of(name: str) -> str:
    """A field may have gone since."""
    return label(CampaignText(), name) if name in CampaignText.WORDS else name
