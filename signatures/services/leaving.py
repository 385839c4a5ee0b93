"""Leaving: a signature is withdrawn, or its person erased."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from signatures import outbox, retractions
from signatures.models import (
    BulkJob,
    ConsentEvent,
    Doubt,
    Letter,
    ModeratedSignature,
    ModerationAct,
    Origin,
    PrivacyRequest,
    Retraction,
    Seat,
    Signature,
    SignatureQuerySet,
    Staff,
)
from signatures.reasons import Reason
from signatures.services.confirming import forget_other_attempts
from signatures.services.consent import log


@transaction.atomic
def withdraw(*, signature_id: int) -> bool:
    """Takes a confirmed signature out of the count, and news with it; its address may sign again. False where there is
    none."""
    signature = Signature.objects.select_for_update().confirmed().filter(pk=signature_id, erased_at=None).first()
    if signature is None:
        return False
    Seat.objects.filter(signature=signature).delete()
    signature.state = Signature.State.WITHDRAWN
    signature.withdrawn_at = timezone.now()
    had_news, signature.wants_updates = signature.wants_updates, False
    if signature.visibility == Signature.Visibility.SECRET:
        signature.email = ""  # it was kept for the news
    signature.save(update_fields=["state", "withdrawn_at", "wants_updates", "email"])
    log(signature, ConsentEvent.Kind.WITHDRAWN)
    retractions.note(Retraction.Kind.WITHDRAWN, signature_id=signature.pk)
    if had_news:
        log(signature, ConsentEvent.Kind.NEWS_OFF)
    return True


@transaction.atomic
def erase(*, signature_id: int, is_told: bool = True) -> bool:
    """Erases a person (GDPR, art. 17): a pending row goes whole, a confirmed one leaves an anonymous, uncounted row.

    The row that stays has no name, address, fingerprint, letter or log of consent, and its times are cut to the month.
    A last letter, which points to no signature, says that it is done, where we have an address and `is_told`. False
    where there is nothing to erase.
    """
    signature = (
        Signature.objects.select_for_update(of=("self",))
        .select_related("campaign")
        .filter(pk=signature_id, erased_at=None)
        .first()
    )
    if signature is None:
        return False
    retractions.note(Retraction.Kind.ERASED, signature_id=signature.pk)
    if signature.state == Signature.State.PENDING:
        signature.delete()
        return True
    forget_what_was_written(signature)
    address, fingerprint = signature.email, bytes(signature.fingerprint or b"")
    forget_other_attempts(signature)
    make_anonymous(signature)
    for model in (Seat, Letter, ConsentEvent, Doubt, Origin, PrivacyRequest.signatures.through):
        model._default_manager.filter(signature=signature).delete()
    others = Signature.objects.with_address(signature.campaign, fingerprint).exclude(state=Signature.State.PENDING)
    if not others.exists():
        # Letters with the way to one's page are an address's, not a signature's.
        Letter.objects.filter(campaign_id=signature.campaign_id, fingerprint=fingerprint, signature=None).delete()
    if address and is_told:
        outbox.write(
            Letter.Kind.ERASED,
            campaign_id=signature.campaign_id,
            language=signature.language,
            to=address,
            fingerprint=None,
        )
    return True


@transaction.atomic
def withdraw_for(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Withdraws signatures whose signers have asked staff for it, and leaves an account of it."""
    done = [pk for pk in in_order(signatures) if withdraw(signature_id=pk)]
    act = ModerationAct.objects.create(
        staff=staff, action=ModerationAct.Action.WITHDRAW, reason=reason, how_many=len(done)
    )
    moderation = dict(Signature.objects.filter(pk__in=done).values_list("pk", "moderation"))
    ModeratedSignature.objects.bulk_create(
        ModeratedSignature(act=act, signature_id=pk, before=before) for pk, before in moderation.items()
    )
    return act


@transaction.atomic
def erase_for(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Erases people who have asked staff for it. The account of it says how many, and not which."""
    # Also those that are withdrawn already: what is held of them is held all the same.
    ids = list(signatures.filter(erased_at=None).order_by("pk").values_list("pk", flat=True))
    how_many = sum(erase(signature_id=pk) for pk in ids)
    return ModerationAct.objects.create(
        staff=staff, action=ModerationAct.Action.ERASE, reason=reason, how_many=how_many
    )


def in_order(signatures: SignatureQuerySet) -> list[int]:
    """By key, so that two acts over the same rows wait for each other instead of locking up."""
    return list(signatures.in_hand().order_by("pk").values_list("pk", flat=True))


def make_anonymous(signature: Signature) -> None:
    now = timezone.now()
    signature.state = Signature.State.WITHDRAWN
    signature.name = signature.email = signature.moderation_reason = ""
    signature.wants_updates = False
    signature.fingerprint = None
    signature.created_at = month_of(signature.created_at)
    signature.confirmed_at = month_of(signature.confirmed_at or now)
    signature.withdrawn_at = month_of(signature.withdrawn_at or now)
    signature.erased_at = month_of(now)
    signature.held_at = None
    signature.save()


def forget_what_was_written(signature: Signature) -> None:
    """What staff wrote when they acted on this signature alone; a note on many does not tell of one."""
    acts = ModerationAct.objects.filter(how_many=1, moderated__signature=signature)
    alone = list(acts.values_list("pk", flat=True))
    ModerationAct.objects.filter(pk__in=alone).exclude(reason__in=Reason.values).update(reason="")
    ModerationAct.objects.filter(pk__in=alone).update(note="")
    BulkJob.objects.filter(act__in=alone).update(note="", matched="")
    forget_reasons_before([signature.pk])


def forget_reasons_before(ids: list[int]) -> None:
    """What signers once read as the reason, where staff had worded it, from the account of acts on them."""
    moderated = ModeratedSignature.objects.filter(signature__in=ids)
    moderated.exclude(reason_before__in=["", *Reason.values]).update(reason_before="")


def month_of(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
