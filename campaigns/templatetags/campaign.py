"""Parts of a campaign's page that need more than its words."""

import json
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from campaigns import maps
from campaigns.models import CampaignText, Update
from campaigns.sharing import shares, via

register = template.Library()


@register.inclusion_tag("campaigns/_share.html")
def share(text: CampaignText) -> dict[str, Any]:
    page = settings.SITE_URL + text.get_absolute_url()
    first, *others = shares(page, text.share_text)
    return {
        "first": first,
        "others": others,
        "text": text.share_text,
        "copy": via(page, "copy"),
        "system": via(page, "system"),
    }


@register.simple_tag
def json_ld(text: CampaignText, picture: str) -> SafeString:
    """What the page is, for search engines (schema.org). It says no date that the text does not say."""
    data = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": text.title,
        "description": text.summary_in_words,
        "inLanguage": text.language,
        "url": settings.SITE_URL + text.get_absolute_url(),
        "image": picture,
        "publisher": {"@type": "Organization", "name": text.campaign.organisation},
        "temporalCoverage": text.key_figures_period,
    }
    # Escaped like Django's json_script, which cannot say this type.
    html = json.dumps(data, ensure_ascii=False).translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&"})
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(html))  # noqa: S308  (escaped above)


@register.inclusion_tag("campaigns/_updates.html")
def updates(text: CampaignText) -> dict[str, Any]:
    return {"text": text, "updates": Update.objects.published(text.campaign, text.language)[:5]}


@register.inclusion_tag("campaigns/_map.html")
def locator_map(text: CampaignText) -> dict[str, Any]:
    """The places on the outline of Peru; nothing where none of them has a position."""
    return {"map": maps.build_map("PE", text.place_list)}
