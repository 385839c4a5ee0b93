"""Verbs of a campaign with consequences beyond one row."""

from campaigns.services.consent import draft_consent, publish_consent
from campaigns.services.moving import Incomplete, NotNext, is_checked, move
from campaigns.services.words import (
    EditedMeanwhile,
    add_language,
    check_words,
    differing,
    discard_draft,
    is_change,
    note_preview,
    publish_words,
    save_draft,
    save_words,
)

__all__ = [
    "EditedMeanwhile",
    "Incomplete",
    "NotNext",
    "add_language",
    "check_words",
    "differing",
    "discard_draft",
    "draft_consent",
    "is_change",
    "is_checked",
    "move",
    "note_preview",
    "publish_consent",
    "publish_words",
    "save_draft",
    "save_words",
]
