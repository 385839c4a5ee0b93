"""One reminder, a day after the letter left, to those who have not confirmed."""

from datetime import timedelta
from time import monotonic

from django.db import transaction
from django.db.models.functions import Now

from campaigns.models import Campaign
from signatures import outbox
from signatures.models import Letter, LetterQuerySet, Seat, Signature

AFTER = timedelta(hours=24)
BATCH = 200


def write_due(seconds: float = 10) -> int:
    """Writes for about so long; answers how many reminders are to be sent."""
    until = monotonic() + seconds
    written = 0
    while monotonic() < until:
        looked_at, written_now = write_batch()
        if not looked_at:
            break
        written += written_now
    return written


def unanswered() -> LetterQuerySet:
    """Letters that left long enough ago, and that nobody has looked at yet; found by an index of their own."""
    return Letter.objects.filter(state=Letter.State.SENT, needs_reminder=True, sent_at__lte=Now() - AFTER)


@transaction.atomic
def write_batch() -> tuple[int, int]:
    """Looks at the oldest of them; answers at how many, and how many reminders are to be sent.

    The signatures are locked too, so that none is confirmed or erased meanwhile; one that somebody else holds at this
    moment is left for the next time. Letters point to signatures, and a lock that lets them (`no_key`) cannot lock up
    with whoever is writing one to the same address.
    """
    letters = list(unanswered().order_by("sent_at").select_for_update(skip_locked=True)[:BATCH])
    signatures = (
        Signature.objects.select_related("campaign")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .in_bulk([letter.signature_id for letter in letters])
    )
    looked_at = [letter for letter in letters if letter.signature_id in signatures]
    Letter.objects.filter(pk__in=[letter.pk for letter in looked_at]).update(needs_reminder=False)
    to_remind = [signature for signature in signatures.values() if may_confirm(signature)]
    seated = have_confirmed(to_remind)
    # In one order, the same for all: `outbox.write` locks each address until the transaction ends.
    to_remind.sort(key=lambda signature: (fingerprint_of(signature), signature.pk))
    written = [remind(row) for row in to_remind if (row.campaign_id, fingerprint_of(row)) not in seated]
    return len(looked_at), sum(letter.state == Letter.State.WAITING for letter in written)


def may_confirm(signature: Signature) -> bool:
    """Whether confirming would do what the reminder says. It may still be done after the campaign has closed."""
    return (
        signature.state == Signature.State.PENDING
        and signature.moderation != Signature.Moderation.REJECTED
        and signature.campaign.state != Campaign.State.DRAFT
    )


def have_confirmed(signatures: list[Signature]) -> set[tuple[int, bytes]]:
    """The campaigns and addresses among theirs that hold a seat."""
    seats = Seat.objects.filter(
        campaign__in={signature.campaign_id for signature in signatures},
        fingerprint__in={fingerprint_of(signature) for signature in signatures},
    )
    return {(campaign_id, bytes(value)) for campaign_id, value in seats.values_list("campaign_id", "fingerprint")}


def fingerprint_of(signature: Signature) -> bytes:
    return bytes(signature.fingerprint or b"")  # a pending row has one, by constraint


def remind(signature: Signature) -> Letter:
    return outbox.write(
        Letter.Kind.REMINDER,
        campaign_id=signature.campaign_id,
        language=signature.language,
        to=signature.email,
        fingerprint=fingerprint_of(signature),
        signature=signature,
    )
