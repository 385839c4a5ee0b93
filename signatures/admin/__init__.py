"""Signatures, letters and accounts for staff: to read, and to act on through the services."""

from signatures.admin.accounts import ExportRecordAdmin, ModerationActAdmin
from signatures.admin.letters import LetterAdmin, SuppressionAdmin
from signatures.admin.signatures import SignatureAdmin

__all__ = ["ExportRecordAdmin", "LetterAdmin", "ModerationActAdmin", "SignatureAdmin", "SuppressionAdmin"]
