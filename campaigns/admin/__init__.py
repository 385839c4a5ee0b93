"""Campaigns and their words, for staff."""

from campaigns.admin import campaign, update, versions, words

__all__ = ["campaign", "update", "versions", "words"]
