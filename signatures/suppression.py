"""Addresses that get no letters, or only those that were just asked for. Kept as fingerprints."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from signatures import addresses, retractions
from signatures.models import Letter, Question, Retraction, Suppression, ask_together

Reason = Suppression.Reason

# As `Suppression.objects.in_force` says.
IN_FORCE = """
SELECT array_agg(reason) FROM signatures_suppression
WHERE fingerprint = %s AND NOT (reason = 'bounced' AND made_at < %s)
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
    """Whether an address takes no letter of this kind."""
    (found,) = ask_together(reasons_against(email))
    return stop(found, kind)


def reasons_against(email: str) -> Question:
    """Why an address takes no letters, or only those that were just asked for."""
    since = timezone.now() - timedelta(days=Suppression.BOUNCE_DAYS)
    return Question(IN_FORCE, [addresses.suppression_fingerprint(email), since])


def stop(found: Collection[str] | None, kind: str) -> bool:
    """Whether the answer to `reasons_against` stops a letter of this kind."""
    against = set(found or ())
    if kind in Letter.ASKED_FOR:
        against.discard(Reason.UNSUBSCRIBED)
    return bool(against)
