"""Letters that go out once more because staff say so: to signers who got none, and those that had failed."""

from collections import Counter
from dataclasses import dataclass

from django.db import transaction

from signatures import outbox
from signatures.models import (
    Letter,
    LetterQuerySet,
    ModeratedSignature,
    ModerationAct,
    Signature,
    SignatureQuerySet,
    Staff,
)
from signatures.services.signing import Known, answer, ask_in_turn, was_blocked

AT_ONCE = 1000  # signatures or letters: whoever chooses more has chosen by mistake, or should not write so many letters

Kind = Letter.Kind
State = Letter.State

# What stands where an address was not, or not any more, to be written to.
NO_ADDRESS = "no address"
GONE = "gone"


@dataclass(frozen=True, slots=True)
class Sent:
    """The account of it, and what became of each one: a letter's state, `NO_ADDRESS` or `GONE`."""

    act: ModerationAct
    outcomes: Counter[str]


@transaction.atomic
def resend_for(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> Sent:
    """Writes to whoever waits for a letter: who has not confirmed gets the confirmation again, who has gets the way to
    their page. Within the caps of the address; who is counted only has mostly none any more."""
    outcomes: dict[int, str] = {}
    links: dict[tuple[int, bytes], str] = {}  # one such letter brings the ways to all signatures of its address
    # As much of a lock as a letter needs, in the order of the key.
    chosen = Signature.objects.filter(pk__in=list(signatures.values_list("pk", flat=True)))
    rows = list(chosen.order_by("pk").select_for_update(no_key=True, of=("self",)).select_related("campaign"))
    for signature in sorted(rows, key=turn):
        outcomes[signature.pk] = write_again(signature, links)
    sent = {pk for pk, outcome in outcomes.items() if outcome == State.WAITING}
    act = ModerationAct.objects.create(
        staff=staff, action=ModerationAct.Action.RESEND, reason=reason, how_many=len(sent)
    )
    ModeratedSignature.objects.bulk_create(
        ModeratedSignature(act=act, signature=signature, before=signature.moderation)
        for signature in rows
        if signature.pk in sent
    )
    return Sent(act, Counter(outcomes.values()))


def turn(row: Signature | Letter) -> bytes:
    """The order in which addresses have their turn, so that two such acts wait for each other and do not lock up."""
    return bytes(row.fingerprint or b"")


def write_again(signature: Signature, links: dict[tuple[int, bytes], str]) -> str:
    if signature.state == Signature.State.WITHDRAWN:  # the erased are too
        return GONE
    if signature.state == Signature.State.PENDING:
        known = Known(*ask_in_turn(signature))
        letter = answer(signature, known, is_blocked=was_blocked(signature.pk))
        letter.save()
        return str(letter.state)
    if not signature.email:
        return NO_ADDRESS
    key = (signature.campaign_id, bytes(signature.fingerprint or b""))
    if key not in links:
        links[key] = str(
            outbox.write(
                Kind.PAGE_LINK,
                campaign_id=signature.campaign_id,
                language=signature.language,
                to=signature.email,
                fingerprint=key[1],
            ).state
        )
    return links[key]


@transaction.atomic
def retry_for(*, letters: LetterQuerySet, reason: str, staff: Staff) -> Sent:
    """Tries failed letters again, where the address is still at hand and takes letters. Others are left as they are."""
    failed = letters.filter(state=State.FAILED).order_by("pk").select_for_update(of=("self",))
    outcomes: Counter[str] = Counter()
    for letter in sorted(failed.select_related("campaign"), key=turn):
        owner = owner_of(letter)
        if owner is None:
            outcomes[GONE] += 1
        elif not owner.email:
            outcomes[NO_ADDRESS] += 1
        else:
            outcomes[str(outbox.send_once_more(letter, to=owner.email))] += 1
    act = ModerationAct.objects.create(
        staff=staff, action=ModerationAct.Action.RESEND, reason=reason, how_many=outcomes[State.WAITING]
    )
    return Sent(act, outcomes)


def owner_of(letter: Letter) -> Signature | None:
    """The signature whose address the letter went to and which it still has something to say to.

    A letter to an address that is to become a signature's, and the last one after an erasure, have none.
    """
    if letter.fingerprint is None or letter.kind in (Kind.ADDRESS_CHANGE, Kind.ERASED):
        return None
    of_address = Signature.objects.with_address(letter.campaign, bytes(letter.fingerprint))
    is_to_confirm = letter.kind in (Kind.CONFIRMATION, Kind.REMINDER)
    if is_to_confirm or letter.kind == Kind.RECEIPT:
        of_address = of_address.filter(letters=letter)
    living = of_address.pending() if is_to_confirm else of_address.confirmed()
    return living.order_by("-email", "pk").first()
