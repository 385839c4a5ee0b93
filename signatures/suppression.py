"""Addresses that get no letters, or only those that were just asked for. Kept as fingerprints."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from signatures import addresses, retractions
from signatures.models import Letter, Retraction, Suppression

Reason = Suppression.Reason

# As `Suppression.objects.in_force`, by hand: each signer waits for it, and most of that was to write it.
IN_FORCE = """
SELECT reason FROM signatures_suppression WHERE fingerprint = %s AND NOT (reason = 'bounced' AND made_at < %s)
"""


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
    since = timezone.now() - timedelta(days=Suppression.BOUNCE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE, [addresses.suppression_fingerprint(email), since])
        reasons = {reason for (reason,) in cursor.fetchall()}
    if kind in Letter.ASKED_FOR:
        reasons.discard(Reason.UNSUBSCRIBED)
    return bool(reasons)
