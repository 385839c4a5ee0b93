"""Retractions: what people took back, so that a database restored from an older backup takes it back again.

Each is noted in the transaction that carries it out. Workers write them out every minute into files beside the backups,
sealed like these: in the database alone, the list would be lost together with what it is to undo.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from signatures import sealing
from signatures.models import Retraction

PREFIX = "retractions-"
Kind = Retraction.Kind


class Line(NamedTuple):
    """One of them, as it is written out. `fingerprint` in hexadecimal."""

    pk: int
    kind: str
    signature_number: int | None
    fingerprint: str


def note(kind: Kind, *, signature_id: int | None = None, fingerprint: bytes | None = None) -> None:
    """Call it in the transaction that does what is noted."""
    Retraction.objects.create(kind=kind, signature_number=signature_id, fingerprint=fingerprint)


def write_out() -> int:
    """Writes the file of each day that has something new, whole; answers how many. None where no backups are made.

    A file is replaced in one step, and rows are marked afterwards: what is lost in between is written once more.
    """
    if not settings.BACKUP_DIR:
        return 0
    new = Retraction.objects.filter(is_written_out=False)
    newest = new.aggregate(newest=Max("pk"))["newest"]
    if newest is None:
        return 0
    days = {moment.astimezone(UTC).date() for moment in new.filter(pk__lte=newest).values_list("made_at", flat=True)}
    for day in sorted(days):
        write_day(day)
    new.filter(pk__lte=newest).update(is_written_out=True)
    return len(days)


def write_day(day: date) -> None:
    begin = datetime.combine(day, time(), UTC)
    rows = Retraction.objects.filter(made_at__gte=begin, made_at__lt=begin + timedelta(days=1)).order_by("pk")
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "lines"
        with plain.open("w") as file:
            for row in rows.iterator():
                mark = bytes(row.fingerprint).hex() if row.fingerprint else ""
                file.write(json.dumps(Line(row.pk, row.kind, row.signature_number, mark)) + "\n")
        sealing.seal_file(plain, Path(settings.BACKUP_DIR) / f"{PREFIX}{day}.age")


def read(path: Path) -> list[Line]:
    """The lines of an opened file."""
    return [Line(*json.loads(line)) for line in path.read_text().splitlines()]


def forget() -> None:
    """Those older than any backup."""
    due = timezone.now() - timedelta(days=settings.BACKUP_DAYS + 1)
    Retraction.objects.filter(made_at__lt=due).delete()
    for path in Path(settings.BACKUP_DIR).glob(f"{PREFIX}*.age") if settings.BACKUP_DIR else ():
        if path.stem.removeprefix(PREFIX) < f"{due.date()}":
            path.unlink()
