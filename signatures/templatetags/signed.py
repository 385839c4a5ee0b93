"""What staff who edit a campaign's words take from this floor: how many have signed them."""

from datetime import datetime

from django import template

from campaigns.models import CampaignText
from signatures.models import Signature

register = template.Library()


@register.simple_tag
def signed_since(text: CampaignText, moment: datetime | None) -> int:
    """Counted signatures in the language of these words, made since then; all of them where there is no moment.

    It counts rows, a second for some millions, so it is for pages that somebody opens to decide.
    """
    signatures = Signature.objects.counted().filter(campaign=text.campaign_id, language=text.language)
    return (signatures.filter(created_at__gte=moment) if moment else signatures).count()
