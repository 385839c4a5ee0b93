"""Asking for a second look at a signature that is held or rejected."""

from django.db import transaction
from django.utils import timezone

from signatures import second_looks
from signatures.models import Doubt, Signature


@transaction.atomic
def ask_for_second_look(*, signature_id: int) -> bool:
    """Brings it into the queue, once for each decision; whether there was anything to ask for.

    The row's lock orders it with the decision that may be under way: either that one answers it, or it is about that.
    """
    signature = Signature.objects.select_for_update(no_key=True).filter(pk=signature_id).first()
    if signature is None or not second_looks.of(signature).may_be_asked_for:
        return False
    asked = Doubt(signature=signature, kind=Doubt.Kind.SECOND_LOOK, made_at=timezone.now())
    Doubt.objects.bulk_create(
        [asked],
        update_conflicts=True,
        unique_fields=["signature", "kind"],
        update_fields=["made_at", "settled_at", "settled_by"],
    )
    return True
