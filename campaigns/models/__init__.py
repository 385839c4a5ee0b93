"""A campaign, who is responsible for it, its words in each language, and the consent texts that people agree to."""

from campaigns.models.campaign import RESERVED, Campaign, check_slug
from campaigns.models.consent import ConsentText
from campaigns.models.text import CampaignText, languages
from campaigns.models.update import Update
from campaigns.models.version import TextVersion

__all__ = ["RESERVED", "Campaign", "CampaignText", "ConsentText", "TextVersion", "Update", "check_slug", "languages"]
