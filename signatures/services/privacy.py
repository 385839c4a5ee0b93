"""Requests about personal data that came by mail: found by the address, answered, and closed with an account of it.

An address that staff type is used here and goes no further: the request points to what was found under it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, suppression
from signatures.models import (
    Letter,
    LetterQuerySet,
    ModeratedSignature,
    ModerationAct,
    PrivacyRequest,
    Signature,
    SignatureQuerySet,
    Staff,
    Suppression,
    due_date,
)
from signatures.services.changing import Changed, Line, ask_for_page, change, set_news
from signatures.services.leaving import erase_for, withdraw_for

Action = ModerationAct.Action
Outcome = PrivacyRequest.Outcome


@dataclass(frozen=True, slots=True)
class Received:
    """A letter from somebody, as staff type it in, cleaned by the form."""

    email: str
    kind: str
    received_on: date
    note: str
    never_again: bool = False
    send_link: bool = False


@transaction.atomic
def receive(*, received: Received, staff: User) -> PrivacyRequest:
    """Notes a request and finds the signatures of its address, in all campaigns and whatever their state.

    Those counted only are found too, by the fingerprint; the erased have none.
    """
    under_address = addresses.in_any_campaign(received.email)
    # Locked, or one could be gone by the time the request is committed that points to it.
    rows = Signature.objects.filter(under_address).order_by("pk").select_for_update(no_key=True)
    found = list(rows.values_list("pk", flat=True))
    if received.send_link:
        send_links(received.email, found)
    fingerprint = addresses.suppression_fingerprint(received.email)
    if received.never_again:
        suppression.suppress(fingerprint, Suppression.Reason.ASKED)
        stop(Letter.objects.waiting().filter(under_address))
    request = PrivacyRequest.objects.create(
        kind=received.kind,
        received_on=received.received_on,
        due_on=due_date(received.kind, received.received_on),
        note=received.note,
        found=len(found),
        takes_no_letters=Suppression.objects.in_force().filter(fingerprint=fingerprint).exists(),
        staff=staff,
    )
    request.signatures.set(found)
    return request


def send_links(email: str, found: Iterable[int]) -> None:
    """To the address itself, so that only who reads its mail can go on; for each campaign, in the signer's language."""
    signatures = Signature.objects.filter(pk__in=found).exclude(state=Signature.State.PENDING)
    languages = dict(signatures.order_by("pk").values_list("campaign", "language"))
    for campaign in Campaign.objects.filter(pk__in=languages).order_by("pk"):
        ask_for_page(campaign=campaign, language=languages[campaign.pk], email=email)


def stop(letters: LetterQuerySet) -> None:
    letters.update(state=Letter.State.SUPPRESSED, to="", details={})


@transaction.atomic
def answer_by(
    *, request_id: int, action: str, chosen: Iterable[int], staff: Staff, name: str = "", closes: bool = True
) -> Changed | int | None:
    """Does for the chosen signatures of an open request what was asked, and closes it. The account has its note.

    Answers how many signatures it was done for; why not, for a name that cannot be corrected; None where somebody else
    has closed the request meanwhile. What was done for nobody closes nothing.
    """
    request = PrivacyRequest.objects.select_for_update().open().filter(pk=request_id).first()
    if request is None:
        return None
    signatures = Signature.objects.filter(privacy_requests=request, pk__in=list(chosen))
    if action == Action.CORRECT:
        outcome = correct_for(signatures=signatures, name=name, reason=request.note, staff=staff)
        if isinstance(outcome, Changed):
            return outcome
    else:
        outcome = ACTIONS[Action(action)](signatures=signatures, reason=request.note, staff=staff)
    if closes and outcome.how_many:
        close(request, Outcome.DONE, staff)
    return outcome.how_many


@transaction.atomic
def correct_for(*, signatures: SignatureQuerySet, name: str, reason: str, staff: Staff) -> ModerationAct | Changed:
    """Puts another name under one confirmed signature, within the rule of two seats for an address.

    Not for who is counted only: no name of theirs is kept, and with one they would be handed over.
    """
    signature = signatures.exclude(visibility=Signature.Visibility.SECRET).first()
    if signature is None:
        return Changed.NOT_POSSIBLE
    line = Line(name=name, country=signature.country.code, visibility=signature.visibility)
    outcome = change(signature_id=signature.pk, line=line)
    if outcome is not Changed.DONE:
        return outcome
    return account(Action.CORRECT, [signature], reason, staff)


@transaction.atomic
def no_news_for(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Ends news for signers who ask staff for it; with it goes the address of who is counted only."""
    wanting = signatures.filter(wants_updates=True).order_by("pk")
    done = [row for row in wanting if set_news(signature_id=row.pk, is_wanted=False) is Changed.DONE]
    return account(Action.NO_NEWS, done, reason, staff)


def copied_for(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """The account of a copy of all that is held, which `holdings` makes."""
    return account(Action.COPY, signatures.order_by("pk"), reason, staff)


ACTIONS = {
    Action.ERASE: erase_for,
    Action.WITHDRAW: withdraw_for,
    Action.NO_NEWS: no_news_for,
    Action.COPY: copied_for,
}


def account(action: str, signatures: Iterable[Signature], reason: str, staff: Staff) -> ModerationAct:
    rows = list(signatures)
    act = ModerationAct.objects.create(staff=staff, action=action, reason=reason, how_many=len(rows))
    ModeratedSignature.objects.bulk_create(
        ModeratedSignature(act=act, signature=row, before=row.moderation) for row in rows
    )
    return act


@transaction.atomic
def close_request(*, request_id: int, outcome: str, reason: str, staff: Staff) -> bool:
    """Without an act of ours. False where somebody else has closed it meanwhile."""
    request = PrivacyRequest.objects.select_for_update().open().filter(pk=request_id).first()
    if request is None:
        return False
    close(request, outcome, staff, reason)
    return True


def close(request: PrivacyRequest, outcome: str, staff: Staff, reason: str = "") -> None:
    request.outcome, request.reason, request.done_by, request.done_at = outcome, reason, staff, timezone.now()
    request.save(update_fields=["outcome", "reason", "done_by", "done_at"])
