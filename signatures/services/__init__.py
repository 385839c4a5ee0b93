"""Verbs with consequences: each is atomic, and each leaves the count to the triggers on the table."""

from signatures.services import bulk
from signatures.services.changing import (
    Changed,
    Line,
    ask_for_address,
    ask_for_page,
    change,
    change_address,
    is_more_visible,
    set_news,
)
from signatures.services.confirming import Confirmation, confirm, confirm_by_code, disown
from signatures.services.leaving import erase, erase_for, month_of, withdraw, withdraw_for
from signatures.services.moderating import Why, hold, moderate, reject, release, restore
from signatures.services.pausing import pause_site, resume_site
from signatures.services.privacy import Received, answer_by, close_request, receive
from signatures.services.replaying import replay
from signatures.services.resending import Sent, resend_for, retry_for
from signatures.services.second_looks import ask_for_second_look
from signatures.services.signing import Attempt, pass_challenge, resend, sign

__all__ = [
    "Attempt",
    "Changed",
    "Confirmation",
    "Line",
    "Received",
    "Sent",
    "Why",
    "answer_by",
    "ask_for_address",
    "ask_for_page",
    "ask_for_second_look",
    "bulk",
    "change",
    "change_address",
    "close_request",
    "confirm",
    "confirm_by_code",
    "disown",
    "erase",
    "erase_for",
    "hold",
    "is_more_visible",
    "moderate",
    "month_of",
    "pass_challenge",
    "pause_site",
    "receive",
    "reject",
    "release",
    "replay",
    "resend",
    "resend_for",
    "restore",
    "resume_site",
    "retry_for",
    "set_news",
    "sign",
    "withdraw",
    "withdraw_for",
]
