"""Leaving: a signature is withdrawn, or its person erased."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from signatures.models import Letter, ModeratedSignature, Seat, Signature


@transaction.atomic
def withdraw(*, signature_id: int) -> bool:
    """Takes a confirmed signature out of the count; its address may sign again. False where there is none."""
    signature = Signature.objects.select_for_update().confirmed().filter(pk=signature_id).first()
    if signature is None:
        return False
    Seat.objects.filter(signature=signature).delete()
    signature.state = Signature.State.WITHDRAWN
    signature.withdrawn_at = timezone.now()
    signature.save(update_fields=["state", "withdrawn_at"])
    return True


@transaction.atomic
def erase(*, signature_id: int) -> bool:
    """Erases a person (GDPR, art. 17): a pending row goes whole, a confirmed one leaves an anonymous, uncounted row.

    The row that stays has no name, address, fingerprint or letter, and its times are cut to the month.
    False where there is nothing to erase.
    """
    signature = Signature.objects.select_for_update().filter(pk=signature_id, erased_at=None).first()
    if signature is None:
        return False
    Seat.objects.filter(signature=signature).delete()
    Letter.objects.filter(signature=signature).delete()
    if signature.state == Signature.State.PENDING:
        ModeratedSignature.objects.filter(signature=signature).delete()
        signature.delete()
        return True
    now = timezone.now()
    signature.state = Signature.State.WITHDRAWN
    signature.name = signature.email = signature.moderation_reason = ""
    signature.wants_updates = False
    signature.fingerprint = None
    signature.created_at = month_of(signature.created_at)
    signature.confirmed_at = month_of(signature.confirmed_at or now)
    signature.withdrawn_at = month_of(signature.withdrawn_at or now)
    signature.erased_at = month_of(now)
    signature.save()
    return True


def month_of(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
