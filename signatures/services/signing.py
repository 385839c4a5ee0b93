"""Signing: an attempt is stored together with the one letter that answers it."""

from collections.abc import Collection
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from campaigns.models import Campaign, ConsentText
from signatures import addresses, outbox, reasons, rules, suppression
from signatures.models import (
    ConsentEvent,
    Doubt,
    Letter,
    Origin,
    Question,
    Rule,
    Seat,
    Signature,
    ask_together,
    insert_together,
)
from signatures.network import Address
from signatures.services import seats
from signatures.services.consent import event
from signatures.signals import ANSWERED, SETTLED, Outcome, Signal, is_held_after_challenge, outcome_of

SEATS = "SELECT array_agg(name_fingerprint) FROM signatures_seat WHERE campaign_id = %s AND fingerprint = %s"


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
    *,
    campaign: Campaign,
    consent: ConsentText,
    language: str,
    attempt: Attempt,
    origin: Origin | None = None,
    client: Address | None = None,
    found: frozenset[Signal] = frozenset(),
    is_beyond_share: bool = False,
) -> Signature:
    """Stores an attempt to sign and the one letter that answers it.

    It reserves nothing: each attempt is a row of its own until one is confirmed. Whoever calls cannot tell from
    what happens here whether the address is known; only its owner's mailbox can.

    A rule of staff, or signals together, may hold it, which does not keep it from being confirmed; or a rule may block
    it, so that no letter with the way to confirm ever leaves. `client` is looked at for these rules, and not kept.
    `is_beyond_share` says that the network has had its share of letters to this address.
    """
    is_secret = attempt.visibility == Signature.Visibility.SECRET
    fingerprint = addresses.fingerprint(campaign.pk, addresses.canonical(attempt.email))
    signature = Signature(
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
    met, *known = ask_in_turn(signature, rules.which_is_met(attempt.email, client))
    rule = rules.read_met(met)
    if rule is not None and rule.action == Rule.Action.HOLD:
        hold(signature, reasons.RULE)
    elif outcome_of(found) is Outcome.HOLD:
        hold(signature, reasons.SIGNALS)
    is_blocked = rule is not None and rule.action == Rule.Action.BLOCK
    letter = answer(signature, Known(*known), is_blocked=is_blocked, is_beyond_share=is_beyond_share)
    rows: list[Model] = [event(signature, ConsentEvent.Kind.TICKED), letter]
    if origin is not None:
        origin.signature = signature
        rows.append(origin)
    insert_together(signature, *rows)
    if doubts := doubts_about(signature, rule, found):
        Doubt.objects.bulk_create(doubts)
    return signature


def hold(signature: Signature, reason: str) -> None:
    signature.moderation, signature.moderation_reason = Signature.Moderation.HELD, reason
    signature.held_at = timezone.now()


def doubts_about(signature: Signature, rule: Rule | None, found: frozenset[Signal]) -> list[Doubt]:
    """They follow from what was typed and where it came from alone, not from anything that is known of the address.

    Never with a name or a domain: of who is counted only, they go with the confirmation.
    """
    doubts = [Doubt(signature=signature, kind=signal.value) for signal in sorted(found)]
    if rule is not None and rule.action == Rule.Action.HOLD:
        doubts.append(Doubt(signature=signature, kind=Doubt.Kind.RULE, detail=rules.number_for(signature, rule)))
    return doubts


@transaction.atomic
def pass_challenge(*, campaign: Campaign, signature_id: int) -> None:
    """Somebody has solved a challenge for this attempt: what that answers is settled, and who is held by nothing else
    is held no longer. Whatever staff have decided stays.
    """
    attempts = Signature.objects.in_hand().filter(campaign=campaign)
    signature = attempts.select_for_update(no_key=True).filter(pk=signature_id).first()
    if signature is None:
        return
    doubts = Doubt.objects.open().filter(signature=signature)
    found = set(doubts.values_list("kind", flat=True))
    is_held = is_held_after_challenge(found) or Doubt.Kind.RULE in found
    doubts.filter(kind__in=ANSWERED if is_held else SETTLED).locked().update(settled_at=timezone.now())
    held_by_signals = (
        signature.moderation == Signature.Moderation.HELD and signature.moderation_reason == reasons.SIGNALS
    )
    if held_by_signals and not is_held:
        signature.moderation, signature.moderation_reason = Signature.Moderation.CLEAR, ""
        signature.save(update_fields=["moderation", "moderation_reason"])
        # Whom this has cleared has nothing to ask for any more.
        doubts.asking().locked().update(settled_at=timezone.now())


@transaction.atomic
def resend(*, campaign: Campaign, language: str, signature_id: int, is_beyond_share: bool = False) -> None:
    """Answers "I got no letter" as the signing itself was answered, within the same caps.

    Where nothing is pending any more, the same is done for a letter to nobody: its caller learns nothing.
    """
    # Locked, or the row could be gone by the time its letter is committed.
    attempts = Signature.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    found = attempts.filter(pk=signature_id, campaign=campaign, erased_at=None).first()
    is_blocked = was_blocked(signature_id)
    nobody = Signature(campaign=campaign, language=language, fingerprint=token_bytes(32), state="withdrawn")
    attempt = found or nobody
    known = Known(*ask_in_turn(attempt))
    answer(attempt, known, is_blocked=is_blocked, is_beyond_share=is_beyond_share).save()


def was_blocked(signature_id: int) -> bool:
    """Whether a rule has blocked an attempt: it stays so, whoever asks for a letter, from wherever and however late."""
    return Letter.objects.filter(signature=signature_id, state=Letter.State.BLOCKED).exists()


class Known(NamedTuple):
    """What decides on the letter for an attempt, as `ask_in_turn` finds it."""

    seated: Collection[bytes] | None  # the names that its address has been confirmed under
    confirmations: int
    quiet_letters: int
    refusals: Collection[str] | None


def ask_in_turn(signature: Signature, *others: Question) -> tuple[Any, ...]:
    """The answers to other questions, and after them those of `Known`; from here on the address has its turn."""
    fingerprint = bytes(signature.fingerprint or b"")  # only the erased have none, and they get no answer
    outbox.take_turn(fingerprint)
    return ask_together(
        *others,
        Question(SEATS, [signature.campaign_id, fingerprint]),
        outbox.recent(Letter.Kind.CONFIRMATION, signature.campaign_id, fingerprint),
        outbox.recent(Letter.Kind.ALREADY_SIGNED, signature.campaign_id, fingerprint),
        suppression.reasons_against(signature.email),
    )


def answer(signature: Signature, known: Known, *, is_blocked: bool, is_beyond_share: bool = False) -> Letter:
    """The letter for an attempt, which is still to be written."""
    if has_free_seat(signature, known.seated or ()):
        kind, recent = Letter.Kind.CONFIRMATION, known.confirmations
    else:
        kind, recent = Letter.Kind.ALREADY_SIGNED, known.quiet_letters
    is_pending = signature.state == Signature.State.PENDING
    return outbox.letter(
        kind,
        outbox.Standing(recent, known.refusals),
        campaign_id=signature.campaign_id,
        language=signature.language,
        to=signature.email,
        fingerprint=bytes(signature.fingerprint or b""),
        signature=signature if is_pending else None,
        is_for_nobody=not is_pending,
        is_blocked=is_blocked,
        is_beyond_share=is_beyond_share,
    )


def has_free_seat(signature: Signature, seated: Collection[bytes]) -> bool:
    """Whether this address could still be confirmed under this name; a guess for the letter, `confirm` decides."""
    names = {bytes(name) for name in seated}
    return len(names) < Seat.PER_ADDRESS and seats.name_fingerprint(signature) not in names
