"""Signing: an attempt is stored together with the one letter that answers it."""

from dataclasses import dataclass
from secrets import token_bytes

from django.db import transaction

from campaigns.models import Campaign, ConsentText
from signatures import addresses, outbox
from signatures.models import ConsentEvent, Letter, Origin, Seat, Signature
from signatures.services import seats
from signatures.services.consent import log


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed, cleaned by the form."""

    name: str
    email: str
    country: str
    visibility: str
    wants_updates: bool


@transaction.atomic
def sign(
    *, campaign: Campaign, consent: ConsentText, language: str, attempt: Attempt, origin: Origin | None = None
) -> Signature:
    """Stores an attempt to sign and the one letter that answers it.

    It reserves nothing: each attempt is a row of its own until one is confirmed. Whoever calls cannot tell from
    what happens here whether the address is known; only its owner's mailbox can.
    """
    is_secret = attempt.visibility == Signature.Visibility.SECRET
    fingerprint = addresses.fingerprint(campaign.pk, addresses.canonical(attempt.email))
    signature = Signature.objects.create(
        campaign=campaign,
        consent=consent,
        language=language,
        name="" if is_secret else attempt.name,
        email=attempt.email,
        country=attempt.country,
        visibility=attempt.visibility,
        wants_updates=attempt.wants_updates,
        fingerprint=fingerprint,
    )
    log(signature, ConsentEvent.Kind.TICKED)
    if origin is not None:
        origin.signature = signature
        origin.save(force_insert=True)
    answer(signature)
    return signature


@transaction.atomic
def resend(*, campaign: Campaign, language: str, signature_id: int) -> None:
    """Answers "I got no letter" as the signing itself was answered, within the same caps.

    Where nothing is pending any more, the same is done for a letter to nobody: its caller learns nothing.
    """
    # Locked, or the row could be gone by the time its letter is committed.
    attempts = Signature.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    found = attempts.filter(pk=signature_id, campaign=campaign, erased_at=None).first()
    answer(found or Signature(campaign=campaign, language=language, fingerprint=token_bytes(32), state="withdrawn"))


def answer(signature: Signature) -> Letter:
    kind = Letter.Kind.CONFIRMATION if has_free_seat(signature) else Letter.Kind.ALREADY_SIGNED
    is_pending = signature.state == Signature.State.PENDING
    return outbox.write(
        kind,
        campaign=signature.campaign,
        language=signature.language,
        to=signature.email,
        fingerprint=bytes(signature.fingerprint or b""),  # only the erased have none, and they get no answer
        signature=signature if is_pending else None,
        is_for_nobody=not is_pending,
    )


def has_free_seat(signature: Signature) -> bool:
    """Whether this address could still be confirmed under this name; a guess for the letter, `confirm` decides."""
    taken = Seat.objects.filter(campaign_id=signature.campaign_id, fingerprint=signature.fingerprint)
    names = {bytes(name) for name in taken.values_list("name_fingerprint", flat=True)}
    return len(names) < Seat.PER_ADDRESS and seats.name_fingerprint(signature) not in names
