"""What signers change about a confirmed signature, from their own page and without an account."""

from dataclasses import dataclass
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign, ConsentText
from signatures import addresses, outbox, reasons, retractions, rules, tokens
from signatures.models import ConsentEvent, Doubt, Letter, Retraction, Rule, Seat, Signature
from signatures.services.confirming import receipt
from signatures.services.consent import log
from signatures.services.seats import rename_seat, take_seat

Visibility = Signature.Visibility
# From what tells least to what tells most.
LEVELS = [Visibility.SECRET, Visibility.DELIVERED, Visibility.PUBLIC]


class Changed(Enum):
    """What became of a wish to change something."""

    DONE = auto()
    NAME_IS_TAKEN = auto()  # by the other signature of the same address
    NAME_IS_MISSING = auto()
    ADDRESS_IS_TAKEN = auto()
    NOT_POSSIBLE = auto()  # not confirmed, withdrawn, erased, or changed meanwhile


@dataclass(frozen=True, slots=True)
class Line:
    """A signature as its signer wants it."""

    name: str
    country: str
    visibility: str


def is_more_visible(after: str, before: str) -> bool:
    return LEVELS.index(Visibility(after)) > LEVELS.index(Visibility(before))


def find_for_change(signature_id: int) -> Signature | None:
    """The confirmed signature, locked until the transaction ends."""
    return (
        Signature.objects.select_for_update(no_key=True, of=("self",))
        .select_related("campaign", "consent")
        .confirmed()
        .filter(pk=signature_id, erased_at=None)
        .first()
    )


@transaction.atomic
def change(*, signature_id: int, line: Line, consent: ConsentText | None = None) -> Changed:
    """Changes name, country and visibility. Showing more needs a consent of its own, and the caller's care for whom
    it lets ask for it; showing less needs nothing, and what is no longer needed is deleted at once."""
    signature = find_for_change(signature_id)
    if signature is None:
        return Changed.NOT_POSSIBLE
    before = signature.visibility
    is_secret = line.visibility == Visibility.SECRET
    if is_more_visible(line.visibility, before):
        if consent is None:
            return Changed.NOT_POSSIBLE
        signature.consent = consent
    if not is_secret and not line.name:
        return Changed.NAME_IS_MISSING
    signature.name = "" if is_secret else line.name
    signature.country = line.country
    signature.visibility = line.visibility
    if is_secret and not signature.wants_updates:
        signature.email = ""
    if not rename_seat(signature):
        return Changed.NAME_IS_TAKEN
    signature.save(update_fields=["name", "country", "visibility", "email", "consent"])
    if is_secret and before != Visibility.SECRET:
        # From now on no rule or cluster at it may lead to its address or domain.
        telling = {Doubt.Kind.RULE, Doubt.Kind.DOMAIN}
        Doubt.objects.filter(signature=signature, kind__in=telling).update(detail="")
    if signature.visibility != before:
        log(signature, ConsentEvent.Kind.DISCLOSURE)
    if is_more_visible(before, signature.visibility):
        retractions.note(Retraction.Kind(signature.visibility), signature_id=signature.pk)
    return Changed.DONE


@transaction.atomic
def set_news(*, signature_id: int, is_wanted: bool, consent: ConsentText | None = None) -> Changed:
    """News on, under the consent that says so, where we still have the address; or off, and with it the address of
    whoever is counted only."""
    signature = find_for_change(signature_id)
    if signature is None or (is_wanted and not (signature.email and consent)):
        return Changed.NOT_POSSIBLE
    if signature.wants_updates == is_wanted:
        return Changed.DONE
    signature.wants_updates = is_wanted
    if consent is not None and is_wanted:
        signature.consent = consent
    if not is_wanted and signature.visibility == Visibility.SECRET:
        signature.email = ""
    signature.save(update_fields=["wants_updates", "email", "consent"])
    log(signature, ConsentEvent.Kind.NEWS_ON if is_wanted else ConsentEvent.Kind.NEWS_OFF)
    if not is_wanted:
        retractions.note(Retraction.Kind.NEWS_OFF, signature_id=signature.pk)
    return Changed.DONE


@transaction.atomic
def ask_for_page(*, campaign: Campaign, language: str, email: str, is_beyond_share: bool = False) -> None:
    """Writes the letter with the way to one's page, for whichever signatures the address has confirmed.

    An address that has none gets no letter, but a row like any other.
    """
    fingerprint = addresses.fingerprint(campaign.pk, addresses.canonical(email))
    known = Signature.objects.with_address(campaign, fingerprint).exclude(state=Signature.State.PENDING)
    outbox.write(
        Letter.Kind.PAGE_LINK,
        campaign_id=campaign.pk,
        language=language,
        to=email,
        fingerprint=fingerprint,
        is_for_nobody=not known.exists(),
        is_beyond_share=is_beyond_share,
    )


@transaction.atomic
def ask_for_address(*, signature_id: int, email: str, is_beyond_share: bool = False) -> None:
    """Writes to a new address. Nothing is changed until its owner confirms, and nothing kept but the letter."""
    signature = find_for_change(signature_id)
    if signature is None:
        return
    change = tokens.NewAddress(signature.pk, signature.link_generation, email)
    rule = rules.met_by(email)
    outbox.write(
        Letter.Kind.ADDRESS_CHANGE,
        campaign_id=signature.campaign_id,
        language=signature.language,
        to=email,
        fingerprint=addresses.fingerprint(signature.campaign_id, addresses.canonical(email)),
        signature=signature,
        is_blocked=rule is not None and rule.action == Rule.Action.BLOCK,
        is_beyond_share=is_beyond_share,
        details={"generation": change.generation},
    )


@transaction.atomic
def change_address(*, change: tokens.NewAddress) -> Changed:
    """Moves a signature to the address that has just confirmed. All earlier links to its page end here.

    Where a rule of staff is against the new address the signature is held, or moving would be a way around the rule.
    """
    signature = find_for_change(change.signature_id)
    if signature is None or signature.link_generation != change.generation:
        return Changed.NOT_POSSIBLE
    savepoint = transaction.savepoint()
    Seat.objects.filter(signature=signature).delete()
    signature.fingerprint = addresses.fingerprint(signature.campaign_id, addresses.canonical(change.email))
    if not take_seat(signature):
        transaction.savepoint_rollback(savepoint)
        return Changed.ADDRESS_IS_TAKEN
    is_address_kept = signature.visibility != Visibility.SECRET or signature.wants_updates
    signature.email = change.email if is_address_kept else ""
    signature.link_generation += 1
    signature.save(update_fields=["fingerprint", "email", "link_generation"])
    if rule := rules.met_by(change.email):
        hold_by_rule(signature, rule)
    # What waits for the old address carries links that have just ended.
    Letter.objects.waiting().filter(signature=signature).delete()
    receipt(signature, to=change.email).save()
    return Changed.DONE


def hold_by_rule(signature: Signature, rule: Rule) -> None:
    if signature.moderation == Signature.Moderation.CLEAR:
        signature.moderation = Signature.Moderation.HELD
        signature.moderation_reason = reasons.RULE
        signature.held_at = timezone.now()
        signature.save(update_fields=["moderation", "moderation_reason", "held_at"])
    detail = rules.number_for(signature, rule)
    doubt = Doubt(signature=signature, kind=Doubt.Kind.RULE, detail=detail)
    Doubt.objects.bulk_create([doubt], ignore_conflicts=True)
