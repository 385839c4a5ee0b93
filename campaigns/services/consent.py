"""The texts that signers agree to: a version of each as soon as what they would read is another."""

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from campaigns.models import Campaign, CampaignText, ConsentText


@transaction.atomic
def publish_consent(*, campaign: Campaign) -> None:
    """Adds a version of each consent text that now reads differently from its latest one.

    The text is kept as signers read it, with the organisation's name in it: a new name is a new text.
    """
    # The campaign's row serialises two editors, so that both cannot make the same version; signers do not wait for it.
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    for words in campaign.texts.published():
        current = ConsentText.objects.current(campaign, words.language)
        text = draft_consent(words)
        if current is None or any(getattr(current, name) != getattr(text, name) for name in ConsentText.WORDS):
            text.version = current.version + 1 if current else 1
            text.save()


def draft_consent(words: CampaignText) -> ConsentText:
    """The consent text as it reads today: the campaign's own sentence, and the site's words for each choice."""
    with translation.override(words.language):
        text = ConsentText(
            campaign=words.campaign,
            language=words.language,
            text=words.consent_text.replace("{organisation}", words.campaign.organisation),
            secret=gettext("Count me only, do not pass on my name"),
            delivered=gettext("With my name and country"),
            public=gettext("Show my name and country on the page of this petition too"),
            news=gettext("Send me news about this campaign by email."),
        )
    text.sha256 = text.digest
    return text
