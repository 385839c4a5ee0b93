"""Verbs of a campaign with consequences beyond one row."""

from django.db import transaction

from campaigns.models import Campaign, CampaignText, ConsentText


def save_words(*, words: CampaignText) -> None:
    """Saves the words of one language, noting for a translation which source words it was made beside."""
    source = words.campaign.source_text
    if source is not None and not words.is_source:
        words.source_digest = source.digest
    words.save()


@transaction.atomic
def publish_consent(*, campaign: Campaign) -> None:
    """Adds a version of each consent text that now reads differently from its latest one.

    The text is kept as signers read it, with the organisation's name in it: a new name is a new text.
    """
    # The campaign's row serialises two editors, so that both cannot make the same version.
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    for words in campaign.texts.all():
        text = words.consent_text.replace("{organisation}", campaign.organisation)
        current = ConsentText.objects.current(campaign, words.language)
        if current is None or current.text != text:
            ConsentText.objects.create(
                campaign=campaign,
                language=words.language,
                version=current.version + 1 if current else 1,
                text=text,
                sha256=ConsentText.digest(text),
            )
