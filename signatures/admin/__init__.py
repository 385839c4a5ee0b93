"""Signatures, letters and accounts for staff: to read, and to act on through the services."""

from signatures.admin.accounts import ExportRecordAdmin, ExportRequestAdmin, ModerationActAdmin, RetentionRunAdmin
from signatures.admin.letters import LetterAdmin, SuppressionAdmin
from signatures.admin.signatures import SignatureAdmin

__all__ = [
    "ExportRecordAdmin",
    "ExportRequestAdmin",
    "LetterAdmin",
    "ModerationActAdmin",
    "RetentionRunAdmin",
    "SignatureAdmin",
    "SuppressionAdmin",
]
