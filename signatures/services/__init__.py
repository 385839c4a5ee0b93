"""Verbs with consequences: each is atomic, and each leaves the count to the triggers on the table."""

from signatures.services.confirming import Confirmation, confirm
from signatures.services.leaving import erase, month_of, withdraw
from signatures.services.moderating import hold, reject, release
from signatures.services.signing import Attempt, resend, sign

__all__ = [
    "Attempt",
    "Confirmation",
    "confirm",
    "erase",
    "hold",
    "month_of",
    "reject",
    "release",
    "resend",
    "sign",
    "withdraw",
]
