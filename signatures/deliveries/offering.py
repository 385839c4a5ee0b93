"""A pack that is ready, for staff to take: whole, accounted for like any list of names, and only while it is true."""

from collections.abc import Iterator
from contextlib import suppress

from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from signatures import pausing
from signatures.exports import PACK, Download, Paused
from signatures.models import Delivery, DeliveryChange, ExportRecord, Pack, PackPiece


def offer(*, pack_id: int, staff: User) -> Download | None:
    """None where there is no such pack, or somebody in it has taken something back. Raises Paused."""
    if pausing.is_on():
        raise Paused
    pack = Pack.objects.true().select_related("delivery__campaign").filter(pk=pack_id).first()
    if pack is None:
        return None
    delivery = pack.delivery
    others = [person for person in (delivery.decided_by, delivery.staff) if person != staff]
    record = ExportRecord.objects.create(
        staff=staff,
        approved_by=others[0],
        campaign=delivery.campaign,
        preset=PACK,
        purpose=gettext("Delivery of %(day)s") % {"day": delivery.day.isoformat()},
    )
    name = f"{delivery.campaign.slug}-{delivery.day:%Y-%m-%d}.zip"
    return Download(name, "application/zip", stream(pack, record))


def stream(pack: Pack, record: ExportRecord) -> Iterator[bytes]:
    """A piece at a time; it breaks off where the pack is taken back or the site paused meanwhile. Raises Paused."""
    sent = number = 0
    try:
        while sent < pack.size:
            number += 1
            data = PackPiece.objects.filter(pack=pack, number=number).values_list("data", flat=True).first()
            if data is None or pausing.is_on():
                raise Paused
            sent += len(data)
            yield bytes(data)
    except BaseException:
        with suppress(DatabaseError, InterfaceError):
            ExportRecord.objects.filter(pk=record.pk).update(broken_off_at=timezone.now())
        raise
    record.rows, record.unnamed, record.sha256 = pack.names, pack.unnamed, pack.sha256
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "unnamed", "sha256", "finished_at"])


@transaction.atomic
def forget_outdated() -> None:
    """Packs that are not true any more. The trigger has deleted their bytes already, but for what it could not see."""
    ready = Pack.objects.filter(state=Pack.State.READY).select_for_update()
    outdated = ready.exclude(pk__in=Pack.objects.true().values("pk"))
    for pack in outdated.order_by("pk"):
        PackPiece.objects.filter(pack=pack).delete()
        Pack.objects.filter(pk=pack.pk).update(state=Pack.State.OUTDATED)
    # Nothing is made any more of what has ended.
    DeliveryChange.objects.filter(delivery__state__in=Delivery.ENDED).exclude(
        delivery__packs__state=Pack.State.READY
    ).delete()
