"""What a signer sees of the one delivery that their signature is in."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from signatures.models import DeliveredSignature, Delivery, Pack, Signature
from signatures.visibility import Output, entitled


class How(StrEnum):
    """What of a signature the pack holds that was handed over; before that, what it would hold now."""

    NAME = "with name and country"
    NUMBER = "as a number only"
    NO_NAME = "without the name"  # whether the number holds it depends on what moderation said at that moment
    NOTHING = "not at all"
    FORGOTTEN = "not known any more"  # erased: nothing tells which number it was, or when in its month it was erased


@dataclass(frozen=True, slots=True)
class Delivered:
    """`number` is that of its line in the list; where `how` is not NAME, the list that was handed over has none."""

    day: date  # of the letter
    handed_over_on: date | None
    number: int | None
    how: How
    is_taken_back: bool  # it is not counted any more, or its name is not handed over any more

    @property
    def is_named(self) -> bool:
        """Whether the addressee has the name, and is told the number once its signer takes it back."""
        return self.handed_over_on is not None and self.how is How.NAME


def of(signature: Signature) -> Delivered | None:
    """None where it is in no delivery. One query; none where `part` was fetched with it."""
    prefetch_related_objects([signature], part())
    member: DeliveredSignature | None = getattr(signature, "delivered", None)
    if member is None:
        return None
    delivery = member.delivery
    return Delivered(
        day=delivery.day,
        handed_over_on=delivery.handed_over_on,
        number=member.number,
        how=how_handed_over(member, signature, delivery.pack) if delivery.pack else how_prepared(member, signature),
        is_taken_back=not signature.is_counted or not is_named_now(signature),
    )


def part() -> Prefetch:
    """The row that says so, with its delivery. A withdrawn one holds nobody, though its rows may be there still."""
    members = DeliveredSignature.objects.exclude(delivery__state=Delivery.State.WITHDRAWN)
    said = members.select_related("delivery__pack").only(
        *("number", "delivery__day", "delivery__handed_over_on", "delivery__pack__made_at", "delivery__pack__missing")
    )
    return Prefetch("delivered", said)


def how_prepared(member: DeliveredSignature, signature: Signature) -> How:
    if not signature.is_counted:
        return How.NOTHING
    return How.NUMBER if member.number is None or not is_named_now(signature) else How.NAME


def how_handed_over(member: DeliveredSignature, signature: Signature, pack: Pack) -> How:
    if signature.erased_at is not None:
        return How.NOTHING if was_erased_before(signature, pack) else How.FORGOTTEN
    if member.number is not None and member.number not in pack.missing:
        return How.NAME
    if signature.withdrawn_at and pack.made_at and signature.withdrawn_at < pack.made_at:
        return How.NOTHING
    was_counted_only = member.number is None or not is_named_now(signature)
    is_clear = signature.moderation == Signature.Moderation.CLEAR
    return How.NUMBER if was_counted_only and is_clear else How.NO_NAME


def was_erased_before(signature: Signature, pack: Pack) -> bool:
    """By their months: no finer moment of an erasure is kept. At the end of a campaign's retention it stays counted."""
    if signature.is_counted or signature.erased_at is None or pack.made_at is None:
        return False
    erased, made = timezone.localtime(signature.erased_at), timezone.localtime(pack.made_at)
    return (erased.year, erased.month) < (made.year, made.month)


def is_named_now(signature: Signature) -> bool:
    return signature.visibility in entitled(Output.ADDRESSEE)
