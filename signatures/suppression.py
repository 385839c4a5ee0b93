"""Addresses that get no letters, or only those that were just asked for. Kept as fingerprints."""

from django.db import transaction

from signatures import addresses, retractions
from signatures.models import Letter, Retraction, Suppression

Reason = Suppression.Reason


@transaction.atomic
def suppress(fingerprint: bytes, reason: str) -> None:
    """Notes it, from now on; for an address, `addresses.suppression_fingerprint` makes the fingerprint."""
    Suppression.objects.bulk_create(
        [Suppression(fingerprint=fingerprint, reason=reason)],
        update_conflicts=True,
        unique_fields=["fingerprint", "reason"],
        update_fields=["made_at"],
    )
    if reason != Reason.BOUNCED:
        retractions.note(Retraction.Kind(reason), fingerprint=fingerprint)


def stops(email: str, kind: str) -> bool:
    """Whether an address takes no letter of this kind. One query, whatever the answer."""
    fingerprint = addresses.suppression_fingerprint(email)
    reasons = set(Suppression.objects.in_force().filter(fingerprint=fingerprint).values_list("reason", flat=True))
    if kind in Letter.ASKED_FOR:
        reasons.discard(Reason.UNSUBSCRIBED)
    return bool(reasons)
