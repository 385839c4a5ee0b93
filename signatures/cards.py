"""The picture of each campaign for link previews: kept in the cache, drawn anew when what it says changes."""

from hashlib import sha256

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.cache import cache
from django.utils.translation import gettext as _

from campaigns.goals import round_down
from campaigns.models import CampaignText
from signatures import previews, tally

KEPT = 24 * 60 * 60  # seconds


def count_line(text: CampaignText) -> str:
    """The count, rounded down, as soon as the page shows it too."""
    count = tally.count(text.campaign_id)
    if count < max(text.campaign.progress_shown_from, 100):
        return ""
    return _("More than %(count)s signatures") % {"count": intcomma(round_down(count - 1))}


def version(text: CampaignText) -> str:
    """Changes with what is on the picture."""
    words = "\0".join((text.title, text.campaign.organisation, count_line(text)))
    return sha256(words.encode()).hexdigest()[:12]


def picture(text: CampaignText) -> bytes:
    """The PNG, from the cache where there is one that answers."""
    key = f"signatures.card.{version(text)}"
    try:
        kept = cache.get(key)
    except Exception:  # Redis is away: the picture is drawn, at the cost of a tenth of a second
        return draw(text)
    if kept is None:
        kept = draw(text)
        cache.set(key, kept, KEPT)
    return bytes(kept)


def draw(text: CampaignText) -> bytes:
    return previews.draw(text.title, text.campaign.organisation, count_line(text))
