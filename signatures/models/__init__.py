"""The rows: signatures and the seats they take, letters, the count, and the accounts of what staff did.

A signature answers two questions in two fields: has the signer confirmed (`state`), and what does moderation say
(`moderation`). It is counted exactly when it is confirmed and clear.
"""

from signatures.models.count import CountDelta, Tally, Total, ViaTally
from signatures.models.letter import Letter, LetterQuerySet
from signatures.models.signature import Seat, Signature, SignatureQuerySet
from signatures.models.staff import ExportRecord, ModeratedSignature, ModerationAct, Staff

__all__ = [
    "CountDelta",
    "ExportRecord",
    "Letter",
    "LetterQuerySet",
    "ModeratedSignature",
    "ModerationAct",
    "Seat",
    "Signature",
    "SignatureQuerySet",
    "Staff",
    "Tally",
    "Total",
    "ViaTally",
]
