"""Verbs with consequences: each is atomic, and each leaves the count to the triggers on the table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Campaign, ConsentText
from signatures import addresses
from signatures.models import Letter, ModeratedSignature, ModerationAct, Seat, Signature, SignatureQuerySet, Staff

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
    return len(taken) < Seat.PER_ADDRESS and name_fingerprint(signature) not in taken


def is_over_cap(signature: Signature, kind: str) -> bool:
    """Whether this address had its share of such letters: nobody's mailbox is flooded by signing for them."""
    letters = Letter.objects.filter(
        signature__campaign_id=signature.campaign_id, signature__fingerprint=signature.fingerprint
    )
    if kind == Letter.Kind.ALREADY_SIGNED:
        return letters.recent(kind, QUIET_LETTER_EVERY).exists()
    return letters.recent(kind, timedelta(days=1)).count() >= settings.CONFIRMATION_LETTERS_PER_ADDRESS


def name_fingerprint(signature: Signature) -> bytes:
    return addresses.fingerprint(signature.campaign_id, addresses.canonical_name(signature.name))


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
    return Confirmation.CONFIRMED


def take_seat(signature: Signature) -> bool:
    """`ON CONFLICT DO NOTHING`, not a caught violation: PostgreSQL would log that with the values in it."""
    with connection.cursor() as cursor:
        for number in range(1, Seat.PER_ADDRESS + 1):
            cursor.execute(
                "INSERT INTO signatures_seat (campaign_id, signature_id, fingerprint, number, name_fingerprint)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    signature.campaign_id,
                    signature.pk,
                    bytes(signature.fingerprint or b""),  # a pending row has one, by constraint
                    number,
                    name_fingerprint(signature),
                ],
            )
            if cursor.rowcount:
                return True
    return False


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
