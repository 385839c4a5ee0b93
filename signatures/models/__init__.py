"""The rows: signatures and the seats they take, consent, letters, the count, requests, and accounts of what was done.

A signature answers two questions in two fields: has the signer confirmed (`state`), and what does moderation say
(`moderation`). It is counted exactly when it is confirmed and clear.
"""

from signatures.models.bulk import BulkBatch, BulkJob
from signatures.models.cluster import Cluster
from signatures.models.consent import ConsentEvent
from signatures.models.count import (
    CountDelta,
    CountryTally,
    FunnelDelta,
    FunnelTally,
    HourTally,
    StateDelta,
    StateTally,
    Step,
    Tally,
    Total,
    ViaTally,
)
from signatures.models.delivery import (
    DeliveredSignature,
    Delivery,
    DeliveryChange,
    DeliveryScan,
    ErasedNumber,
)
from signatures.models.doubt import Doubt, DoubtQuerySet, QueuedSignature
from signatures.models.keeping import AddressKey, Alarm, Recount, RetentionRun, Retraction
from signatures.models.letter import Letter, LetterQuerySet, Outbox, Suppression
from signatures.models.pack import Pack, PackPiece
from signatures.models.privacy import PrivacyRequest, PrivacyRequestQuerySet, due_date
from signatures.models.rule import Rule, RuleQuerySet
from signatures.models.searching import Domain, Folded
from signatures.models.signature import HELD_SINCE, DaySalt, Origin, Seat, Signature, SignatureQuerySet
from signatures.models.staff import ExportRecord, ExportRequest, ModeratedSignature, ModerationAct, PauseAct, Staff
from signatures.models.together import Question, ask_together, insert_together

__all__ = [
    "HELD_SINCE",
    "AddressKey",
    "Alarm",
    "BulkBatch",
    "BulkJob",
    "Cluster",
    "ConsentEvent",
    "CountDelta",
    "CountryTally",
    "DaySalt",
    "DeliveredSignature",
    "Delivery",
    "DeliveryChange",
    "DeliveryScan",
    "Domain",
    "Doubt",
    "DoubtQuerySet",
    "ErasedNumber",
    "ExportRecord",
    "ExportRequest",
    "Folded",
    "FunnelDelta",
    "FunnelTally",
    "HourTally",
    "Letter",
    "LetterQuerySet",
    "ModeratedSignature",
    "ModerationAct",
    "Origin",
    "Outbox",
    "Pack",
    "PackPiece",
    "PauseAct",
    "PrivacyRequest",
    "PrivacyRequestQuerySet",
    "Question",
    "QueuedSignature",
    "Recount",
    "RetentionRun",
    "Retraction",
    "Rule",
    "RuleQuerySet",
    "Seat",
    "Signature",
    "SignatureQuerySet",
    "Staff",
    "StateDelta",
    "StateTally",
    "Step",
    "Suppression",
    "Tally",
    "Total",
    "ViaTally",
    "ask_together",
    "due_date",
    "insert_together",
]
