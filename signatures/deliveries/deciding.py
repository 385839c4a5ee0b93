"""A delivery is made by one person, approved by another, and withdrawn with a reason as long as nobody has it."""

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from signatures.models import Delivery, Pack, PackPiece

State = Delivery.State


class OwnDelivery(Exception):
    """Nobody approves what they have made themselves."""


def make(
    *,
    campaign: Campaign,
    day: date,
    place: str,
    volume_megabytes: int,
    letters: dict[str, dict[str, str]],
    staff: User,
) -> Delivery:
    """Workers freeze it within seconds; who signs later is in the next one."""
    return Delivery.objects.create(
        campaign=campaign, day=day, place=place, volume_megabytes=volume_megabytes, letters=letters, staff=staff
    )


@transaction.atomic
def approve(*, delivery_id: int, staff: User) -> bool:
    """The second person's yes, on which the pack is made. False where there is nothing to approve any more.

    Raises OwnDelivery.
    """
    delivery = locked(delivery_id, State.WAITING)
    if delivery is None or not delivery.signatures:
        return False
    if delivery.staff_id == staff.pk:
        raise OwnDelivery
    delivery.state, delivery.decided_by, delivery.decided_at = State.APPROVED, staff, timezone.now()
    delivery.save(update_fields=["state", "decided_by", "decided_at"])
    Pack.objects.create(delivery=delivery)
    return True


@transaction.atomic
def withdraw(*, delivery_id: int, reason: str, staff: User) -> bool:
    """Its packs are deleted, and its signatures go into the next delivery. False where that cannot be any more."""
    delivery = locked(delivery_id, State.MADE, State.WAITING, State.APPROVED)
    if delivery is None:
        return False
    delivery.state = State.WITHDRAWN
    delivery.withdrawn_by, delivery.withdrawn_at, delivery.withdrawn_for = staff, timezone.now(), reason
    delivery.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_for"])
    forget_packs(delivery)
    return True


@transaction.atomic
def make_again(*, delivery_id: int) -> bool:
    """Another pack, where none is true or under way."""
    delivery = locked(delivery_id, State.APPROVED)
    packs = Pack.objects.filter(delivery=delivery_id)
    if delivery is None or packs.true().exists() or packs.filter(state__in=Pack.UNDER_WAY).exists():
        return False
    Pack.objects.create(delivery=delivery)
    return True


def forget_packs(delivery: Delivery) -> None:
    """Their bytes; the accounts stay."""
    PackPiece.objects.filter(pack__delivery=delivery).delete()
    delivery.packs.exclude(state=Pack.State.FAILED).update(state=Pack.State.OUTDATED)


def locked(delivery_id: int, *states: str) -> Delivery | None:
    return Delivery.objects.select_for_update().filter(pk=delivery_id, state__in=states).first()
