"""The rows: signatures and the seats they take, consent, letters, the count, requests, and accounts of what was done.

A signature answers two questions in two fields: has the signer confirmed (`state`), and what does moderation say
(`moderation`). It is counted exactly when it is confirmed and clear.
"""

from signatures.models.bulk import BulkBatch, BulkJob
from signatures.models.consent import ConsentEvent
from signatures.models.count import CountDelta, Tally, Total, ViaTally
from signatures.models.doubt import Doubt, DoubtQuerySet, QueuedSignature
from signatures.models.keeping import AddressKey, RetentionRun
from signatures.models.letter import Letter, LetterQuerySet, Outbox, Suppression
from signatures.models.privacy import PrivacyRequest, PrivacyRequestQuerySet, due_date
from signatures.models.searching import Domain, Folded
from signatures.models.signature import DaySalt, Origin, Seat, Signature, SignatureQuerySet
from signatures.models.staff import ExportRecord, ExportRequest, ModeratedSignature, ModerationAct, Staff

__all__ = [
    "AddressKey",
    "BulkBatch",
    "BulkJob",
    "ConsentEvent",
    "CountDelta",
    "DaySalt",
    "Domain",
    "Doubt",
    "DoubtQuerySet",
    "ExportRecord",
    "ExportRequest",
    "Folded",
    "Letter",
    "LetterQuerySet",
    "ModeratedSignature",
    "ModerationAct",
    "Origin",
    "Outbox",
    "PrivacyRequest",
    "PrivacyRequestQuerySet",
    "QueuedSignature",
    "RetentionRun",
    "Seat",
    "Signature",
    "SignatureQuerySet",
    "Staff",
    "Suppression",
    "Tally",
    "Total",
    "ViaTally",
    "due_date",
]
