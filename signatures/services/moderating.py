"""Moderation: staff hold signatures back, release and reject them, and each time leave an account of it."""

from django.db import transaction

from signatures.models import ModeratedSignature, ModerationAct, Signature, SignatureQuerySet, Staff


def hold(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Takes signatures out of the count until somebody has looked at them."""
    return moderate(signatures, ModerationAct.Action.HOLD, Signature.Moderation.HELD, reason, staff)


def release(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Finds held or rejected signatures good: those confirmed count again."""
    return moderate(signatures, ModerationAct.Action.RELEASE, Signature.Moderation.CLEAR, reason, staff)


def reject(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Finds signatures bad: they do not count. `release` takes it back."""
    return moderate(signatures, ModerationAct.Action.REJECT, Signature.Moderation.REJECTED, reason, staff)


@transaction.atomic
def moderate(signatures: SignatureQuerySet, action: str, moderation: str, reason: str, staff: Staff) -> ModerationAct:
    """Sets what moderation says of those signatures that it does not say so of already, and writes the account."""
    # In the order of the key, so that two acts over the same rows wait for each other instead of locking up.
    rows = list(
        signatures.in_hand()
        .exclude(moderation=moderation)
        .order_by("pk")
        .select_for_update()
        .values_list("pk", "moderation")
    )
    act = ModerationAct.objects.create(staff=staff, action=action, reason=reason, how_many=len(rows))
    ModeratedSignature.objects.bulk_create(
        [ModeratedSignature(act=act, signature_id=pk, before=before) for pk, before in rows], batch_size=1000
    )
    Signature.objects.filter(pk__in=act.moderated.values("signature")).update(
        moderation=moderation, moderation_reason="" if action == ModerationAct.Action.RELEASE else reason
    )
    return act
