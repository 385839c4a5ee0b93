"""Signatures, letters and accounts for staff: to read, and to act on through the services."""

from signatures.admin.accounts import (
    ExportRecordAdmin,
    ExportRequestAdmin,
    ModerationActAdmin,
    RecountAdmin,
    RetentionRunAdmin,
)
from signatures.admin.bulk import BulkJobAdmin
from signatures.admin.clusters import ClusterAdmin
from signatures.admin.deliveries import DeliveryAdmin
from signatures.admin.letters import LetterAdmin, SuppressionAdmin
from signatures.admin.pausing import PauseActAdmin
from signatures.admin.privacy import PrivacyRequestAdmin
from signatures.admin.queue import QueueAdmin
from signatures.admin.rules import RuleAdmin
from signatures.admin.signatures import SignatureAdmin

__all__ = [
    "BulkJobAdmin",
    "ClusterAdmin",
    "DeliveryAdmin",
    "ExportRecordAdmin",
    "ExportRequestAdmin",
    "LetterAdmin",
    "ModerationActAdmin",
    "PauseActAdmin",
    "PrivacyRequestAdmin",
    "QueueAdmin",
    "RecountAdmin",
    "RetentionRunAdmin",
    "RuleAdmin",
    "SignatureAdmin",
    "SuppressionAdmin",
]
