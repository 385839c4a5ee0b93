"""What the campaign's page takes from this floor: its sign box and its counter."""

from typing import Any

from django import template
from django.template import Context

from campaigns.models import Campaign, CampaignText, ConsentText
from signatures import tally
from signatures.forms import SignForm

register = template.Library()


@register.inclusion_tag("signatures/_sign_box.html", takes_context=True)
def sign_box(context: Context, text: CampaignText) -> dict[str, Any]:
    """The form, as it was sent where it comes back with errors; or why one cannot sign now."""
    consent = ConsentText.objects.current(text.campaign, text.language)
    form = context.get("form") or (SignForm(consent_text=consent) if consent else None)
    return {
        "campaign": text.campaign,
        "form": form,
        "problem": context.get("problem"),
        "is_open": text.campaign.is_open and form,
    }


@register.inclusion_tag("signatures/_progress.html")
def progress(campaign: Campaign) -> dict[str, Any]:
    """The count, exact as of now, beside the goal."""
    count = tally.count(campaign.pk)
    return {"count": count, "goal": campaign.goal, "shown": min(count, campaign.goal)}
