"""Signatures, letters and accounts for staff: to read, and to act on through the services."""

from signatures.admin.accounts import ExportRecordAdmin, ExportRequestAdmin, ModerationActAdmin, RetentionRunAdmin
from signatures.admin.bulk import BulkJobAdmin
from signatures.admin.letters import LetterAdmin, SuppressionAdmin
from signatures.admin.pausing import PauseActAdmin
from signatures.admin.privacy import PrivacyRequestAdmin
from signatures.admin.queue import QueueAdmin
from signatures.admin.signatures import SignatureAdmin

__all__ = [
    "BulkJobAdmin",
    "ExportRecordAdmin",
    "ExportRequestAdmin",
    "LetterAdmin",
    "ModerationActAdmin",
    "PauseActAdmin",
    "PrivacyRequestAdmin",
    "QueueAdmin",
    "RetentionRunAdmin",
    "SignatureAdmin",
    "SuppressionAdmin",
]
