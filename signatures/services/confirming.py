"""Confirming, which alone makes a signature count."""

from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from signatures.models import ConsentEvent, Signature
from signatures.services.consent import log
from signatures.services.seats import take_seat


class Confirmation(Enum):
    """What became of an attempt to confirm."""

    CONFIRMED = auto()
    CONFIRMED_BEFORE = auto()
    ADDRESS_IS_TAKEN = auto()  # this address has signed under this name, or under two names
    WITHDRAWN = auto()
    GONE = auto()


@transaction.atomic
def confirm(*, signature_id: int) -> Confirmation:
    """Confirms a pending signature, once, where its address has a seat left.

    Any number of calls at once end well: the row's lock orders those for one signature, the seats' unique
    constraints those for one address. A signature in time may be confirmed after the campaign has closed.
    """
    signature = Signature.objects.select_for_update().filter(pk=signature_id).first()
    if signature is None:
        return Confirmation.GONE
    if signature.state == Signature.State.WITHDRAWN:
        return Confirmation.WITHDRAWN
    if signature.state == Signature.State.CONFIRMED:
        return Confirmation.CONFIRMED_BEFORE
    if not take_seat(signature):
        return Confirmation.ADDRESS_IS_TAKEN
    signature.state = Signature.State.CONFIRMED
    signature.confirmed_at = timezone.now()
    if signature.visibility == Signature.Visibility.SECRET and not signature.wants_updates:
        signature.email = ""
    signature.save(update_fields=["state", "confirmed_at", "email"])
    log(signature, ConsentEvent.Kind.CONFIRMED)
    return Confirmation.CONFIRMED
