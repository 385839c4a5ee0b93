"""What a campaign needs before it opens, and what of it is there."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignText


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be done. `field` is of the campaign, or of `text` where there is one."""

    said: str
    is_done: bool
    field: str = ""
    text: CampaignText | None = None


def checklist(campaign: Campaign) -> list[Item]:
    """All of it, done or not, in the order of the work."""
    empty = campaign.missing_responsibility()
    items = [Item(label(campaign, name), name not in empty, name) for name in Campaign.RESPONSIBILITY]
    if campaign.closes_at is not None:
        items.append(Item(_("The closing date is still to come"), not campaign.is_after_closing, "closes_at"))
    texts = list(campaign.texts.published())
    source = next((text for text in texts if text.language == campaign.source_language), None)
    if source is None:
        items.append(Item(_("Words in the source language, published"), is_done=False))
    for text in texts:
        text.campaign = campaign
        items.extend(of_language(text, source))
    return items


def of_language(text: CampaignText, source: CampaignText | None) -> list[Item]:
    language = name_of(text.language)
    missing = text.missing(source)

    def item(said: str, is_done: bool, field: str = "") -> Item:
        return Item(f"{language}: {said}", is_done, field, text)

    items = [item(label(text, name), name not in missing, name) for name in ("consent_text", "addressee")]
    others = [name for name in missing if name not in ("consent_text", "addressee")]
    labels = ", ".join(label(text, name) for name in others)
    items.append(item(_("words missing: %(fields)s") % {"fields": labels} if others else _("all words"), not others))
    items.append(item(label(text, "reviewer"), not text.is_awaiting_review, "reviewer"))
    items.append(item(_("preview seen, with the words as they are published"), text.is_preview_seen))
    return items


def missing(campaign: Campaign) -> list[Item]:
    return [item for item in checklist(campaign) if not item.is_done]


def label(row: Campaign | CampaignText, name: str) -> str:
    field: Any = row._meta.get_field(name)
    return str(field.verbose_name)


def name_of(language: str) -> str:
    return str(dict(settings.LANGUAGES).get(language, language))


@dataclass(frozen=True, slots=True)
class Language:
    """How far one language is, drafts included."""

    text: CampaignText
    name: str
    missing: list[str]
    outdated: list[str]


def languages(campaign: Campaign) -> list[Language]:
    """Of a campaign whose texts are at hand, the source first."""
    texts = sorted(campaign.texts.all(), key=lambda text: (not text.is_source, text.language))
    drafted = [text.with_draft() for text in texts]
    source = next((text for text in drafted if text.is_source), None)
    return [
        Language(
            text=text,
            name=name_of(text.language),
            missing=[label(text, name) for name in text.missing(source)],
            outdated=[label(text, name) for name in text.outdated(source)],
        )
        for text in drafted
    ]
