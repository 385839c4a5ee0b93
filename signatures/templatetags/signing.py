"""What the campaign's page takes from this floor: its sign box, its counter, and what was handed over."""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse

from campaigns.models import Campaign, CampaignText, ConsentText
from signatures import cards, pausing, tally
from signatures.forms import SignForm
from signatures.models import Delivery, Signature
from signatures.visibility import Output, shown

LATEST = 12  # names on the page

register = template.Library()


@register.inclusion_tag("signatures/_sign_box.html", takes_context=True)
def sign_box(context: Context, text: CampaignText) -> dict[str, Any]:
    """The form, as it was sent where it comes back with errors; or why one cannot sign now."""
    # A preview brings the consent text that its words would make.
    consent = context.get("consent") or ConsentText.objects.current(text.campaign, text.language)
    form = context.get("form")
    if form is None and consent is not None:
        form = SignForm(consent_text=consent, default=text.campaign.default_visibility)
    return {
        "campaign": text.campaign,
        "form": form,
        "problem": context.get("problem"),
        "is_open": text.campaign.is_open and form,
    }


@register.inclusion_tag("signatures/_progress.html")
def progress(campaign: Campaign) -> dict[str, Any]:
    """The count, exact as of now, beside a goal that rises; nothing while there are only a few."""
    count = tally.count(campaign.pk)
    return {"is_shown": count >= campaign.progress_shown_from, "count": count, "goal": campaign.goal_for(count)}


@register.inclusion_tag("signatures/_latest_names.html", takes_context=True)
def latest_names(context: Context, campaign: Campaign) -> dict[str, Any]:
    """The latest names that may be shown; none while the site is paused.

    A page with people on it tells its view, which has caches keep it less.
    """
    signatures = Signature.objects.latest_public(campaign).filter(pausing.NOT_PAUSED)[:LATEST]
    names = [(shown(row, "name", Output.PAGE), shown(row, "country", Output.PAGE)) for row in signatures]
    context["request"].shows_people = bool(names)
    return {"names": names}


@register.inclusion_tag("signatures/_deliveries.html")
def deliveries(text: CampaignText) -> dict[str, Any]:
    """What was handed over, the first one first, and how long each waits for its answer. Of the account of the filing
    nothing: it may name whoever took it."""
    handed_over = Delivery.objects.handed_over().filter(campaign=text.campaign_id).select_related("pack")
    shown_fields = ("handed_over_on", "answered_on", "answer", "answer_language", "pack__names", "pack__unnamed")
    return {"addressee": text.addressee, "deliveries": handed_over.only(*shown_fields)}


@register.simple_tag
def names_are_shown() -> bool:
    """Whether pages may show names at the moment."""
    return not pausing.is_on()


@register.simple_tag
def preview_address(text: CampaignText) -> str:
    """The address of the picture for links; another one once the count has passed a step."""
    path = reverse("signatures:preview", kwargs={"slug": text.campaign.slug})
    return f"{settings.SITE_URL}{path}?v={cards.version(text)}"
