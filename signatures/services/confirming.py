"""Confirming, which alone makes a signature count; and its opposite, "this was not me"."""

from enum import Enum, auto

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, funnel, outbox, retractions, suppression, tokens
from signatures.models import ConsentEvent, Letter, Retraction, Signature, Step, Suppression, insert_together
from signatures.services.consent import event
from signatures.services.seats import take_seat

# By hand, because each signer waits for it, and most of that was to write it.
PENDING = "SELECT id, name FROM signatures_signature WHERE campaign_id = %s AND fingerprint = %s AND state = 'pending'"

CODE_TRIES = 10  # for one attempt to sign, whatever is sent again


class Confirmation(Enum):
    """What became of an attempt to confirm."""

    CONFIRMED = auto()
    CONFIRMED_BEFORE = auto()
    ADDRESS_IS_TAKEN = auto()  # this address has signed under this name, or under two names
    WITHDRAWN = auto()
    GONE = auto()
    WRONG_CODE = auto()


@transaction.atomic
def confirm(*, signature_id: int) -> Confirmation:
    """Confirms a pending signature, once, where its address has a seat left, and writes its receipt.

    Any number of calls at once end well: the row's lock orders those for one signature, the seats' unique
    constraints those for one address. A signature in time may be confirmed after the campaign has closed.
    """
    # As much of a lock as a letter that is written for this row meanwhile does not wait for.
    signature = Signature.objects.select_for_update(no_key=True).filter(pk=signature_id).first()
    if signature is None:
        return Confirmation.GONE
    if signature.state == Signature.State.WITHDRAWN:
        return Confirmation.WITHDRAWN
    if signature.state == Signature.State.CONFIRMED:
        return Confirmation.CONFIRMED_BEFORE
    if not take_seat(signature):
        return Confirmation.ADDRESS_IS_TAKEN
    address = signature.email
    signature.state = Signature.State.CONFIRMED
    signature.confirmed_at = timezone.now()
    if signature.visibility == Signature.Visibility.SECRET and not signature.wants_updates:
        signature.email = ""
    signature.save(update_fields=["state", "confirmed_at", "email"])
    forget_other_attempts(signature)
    insert_together(
        receipt(signature, to=address),
        event(signature, ConsentEvent.Kind.CONFIRMED),
        funnel.one(signature.campaign_id, address, Step.CONFIRMED),
    )
    return Confirmation.CONFIRMED


def forget_other_attempts(signature: Signature) -> None:
    """Attempts under the same name from the same address can no longer be confirmed, and are not kept."""
    name = addresses.canonical_name(signature.name)
    with connection.cursor() as cursor:
        cursor.execute(PENDING, [signature.campaign_id, bytes(signature.fingerprint or b"")])
        same = [pk for pk, other in cursor.fetchall() if addresses.canonical_name(other) == name]
    if not same:
        return
    # Those that somebody is at this moment writing a letter for go with retention.
    locked = Signature.objects.pending().filter(pk__in=same).select_for_update(skip_locked=True)
    Signature.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).delete()


def receipt(signature: Signature, *, to: str) -> Letter:
    """The letter that brings the way to the signer's page; it holds the address until it has left."""
    return outbox.draft(
        Letter.Kind.RECEIPT,
        campaign_id=signature.campaign_id,
        language=signature.language,
        to=to,
        fingerprint=bytes(signature.fingerprint or b""),
        signature=signature,
    )


def confirm_by_code(*, campaign: Campaign, signature_id: int, code: str) -> Confirmation:
    """Confirms with the code out of the letter, within `CODE_TRIES` tries for the whole attempt.

    A wrong code, one too many, an attempt that got no code, one that is gone, and one of another campaign, whose
    limit would be another, fail alike. The try is counted and committed before it is looked at, so that ten at once
    are ten.
    """
    tries = Signature.objects.filter(pk=signature_id, campaign=campaign, code_tries__lt=CODE_TRIES)
    is_allowed = bool(tries.update(code_tries=F("code_tries") + 1))
    carrying = {Letter.Kind.CONFIRMATION, Letter.Kind.REMINDER}
    had_code = Letter.objects.meant_to_leave().filter(signature=signature_id, kind__in=carrying).exists()
    if not (tokens.is_code(signature_id, code) and is_allowed and had_code):
        return Confirmation.WRONG_CODE
    return confirm(signature_id=signature_id)


@transaction.atomic
def disown(*, signature_id: int, never_again: bool) -> None:
    """“This was not me”: the pending signature goes, and its address takes no more letters if its owner says so.

    It has no power over a signature that is confirmed.
    """
    signature = Signature.objects.select_for_update().pending().filter(pk=signature_id).first()
    if signature is None:
        return
    if never_again:
        suppression.suppress(addresses.suppression_fingerprint(signature.email), Suppression.Reason.ASKED)
        # What already waits for this address does not leave either.
        Letter.objects.waiting().filter(campaign=signature.campaign_id, fingerprint=signature.fingerprint).update(
            state=Letter.State.SUPPRESSED, to="", details={}
        )
    retractions.note(Retraction.Kind.ERASED, signature_id=signature.pk)
    signature.delete()
