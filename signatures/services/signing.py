"""Signing: an attempt is stored together with the one letter that answers it."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from campaigns.models import Campaign, ConsentText
from signatures import addresses
from signatures.models import Letter, Seat, Signature

QUIET_LETTER_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed, cleaned by the form."""

    name: str
    email: str
    country: str
    visibility: str
    wants_updates: bool


@transaction.atomic
def sign(*, campaign: Campaign, consent: ConsentText, language: str, attempt: Attempt) -> Signature:
    """Stores an attempt to sign and the one letter that answers it.

    It reserves nothing: each attempt is a row of its own until one is confirmed. Whoever calls cannot tell from
    what happens here whether the address is known; only its owner's mailbox can.
    """
    is_secret = attempt.visibility == Signature.Visibility.SECRET
    name = "" if is_secret else attempt.name
    fingerprint = addresses.fingerprint(campaign.pk, addresses.canonical(attempt.email))
    signature = Signature.objects.create(
        campaign=campaign,
        consent=consent,
        language=language,
        name=name,
        email=attempt.email,
        country=attempt.country,
        visibility=attempt.visibility,
        wants_updates=attempt.wants_updates,
        fingerprint=fingerprint,
    )
    with connection.cursor() as cursor:
        # Attempts for one address go one after the other, or many at once would all find the cap not reached.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(fingerprint[:8], "big", signed=True)])
    kind = Letter.Kind.CONFIRMATION if has_free_seat(signature) else Letter.Kind.ALREADY_SIGNED
    is_capped = is_over_cap(signature, kind)
    Letter.objects.create(
        signature=signature,
        kind=kind,
        to="" if is_capped else attempt.email,
        state=Letter.State.CAPPED if is_capped else Letter.State.WAITING,
    )
    return signature


def has_free_seat(signature: Signature) -> bool:
    """Whether this address could still be confirmed under this name; a guess for the letter, `confirm` decides."""
    seats = Seat.objects.filter(campaign_id=signature.campaign_id, fingerprint=signature.fingerprint)
    taken = {bytes(name) for name in seats.values_list("name_fingerprint", flat=True)}
    return len(taken) < Seat.PER_ADDRESS and seats.name_fingerprint(signature) not in taken


def is_over_cap(signature: Signature, kind: str) -> bool:
    """Whether this address had its share of such letters: nobody's mailbox is flooded by signing for them."""
    letters = Letter.objects.filter(
        signature__campaign_id=signature.campaign_id, signature__fingerprint=signature.fingerprint
    )
    if kind == Letter.Kind.ALREADY_SIGNED:
        return letters.recent(kind, QUIET_LETTER_EVERY).exists()
    return letters.recent(kind, timedelta(days=1)).count() >= settings.CONFIRMATION_LETTERS_PER_ADDRESS
