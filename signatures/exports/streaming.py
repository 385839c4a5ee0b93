"""The stream: PostgreSQL's COPY from one snapshot, in the bytes of a form, hashed and accounted for as it leaves.

Nothing is written to a disk of ours, and no more than a batch of rows is in memory.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from time import monotonic
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import psycopg
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from psycopg.pq import ExecStatus

from campaigns.models import Campaign
from signatures import pausing
from signatures.exports.forms import FORMS, SPREADSHEET_ROWS, Form
from signatures.exports.presets import PRESETS, Preset
from signatures.models import ExportRecord, PauseAct, Signature, Staff
from signatures.visibility import entitled

BATCH = 2000  # rows that are handed on together
LOOK_EVERY = 0.2  # seconds, for a pause of the site


class Paused(Exception):
    """The site is paused: no list leaves."""


@dataclass(frozen=True, slots=True)
class Download:
    name: str
    content_type: str
    chunks: Iterator[bytes]


def export(
    *,
    campaign: Campaign,
    preset: str,
    purpose: str,
    staff: Staff,
    form: str = ExportRecord.Form.COMMA,
    approved_by: Staff = None,
) -> Download:
    """Streams a preset as CSV (RFC 4180, UTF-8, a heading line) and keeps the account of it.

    The record is made before the first byte and completed after the last; one that was broken off says so. Must be
    called outside a transaction: the stream opens one that sees a single snapshot.

    What a spreadsheet would cut off goes as a ZIP of several files. That is told by a count made just before, since a
    name and a type are sent before the first row; a file has room for 48,575 rows that come to it in between.

    Raises Paused while the site is paused; a stream that is under way then breaks off.
    """
    if pausing.is_on():
        raise Paused
    is_archive = FORMS[form].is_for_spreadsheets and PRESETS[preset].how_many(campaign) > SPREADSHEET_ROWS
    record = ExportRecord.objects.create(
        staff=staff, campaign=campaign, preset=preset, form=form, purpose=purpose, approved_by=approved_by
    )
    stem = f"{campaign.slug}-{preset}-{timezone.localdate():%Y-%m-%d}"
    if not FORMS[form].is_for_spreadsheets:
        stem += "-not-for-excel"
    chunks = stream(record, stem if is_archive else "")
    if is_archive:
        return Download(f"{stem}.zip", "application/zip", chunks)
    return Download(f"{stem}.csv", "text/csv; charset=utf-8", chunks)


def stream(record: ExportRecord, archive_of: str = "") -> Iterator[bytes]:
    preset, form = PRESETS[record.preset], FORMS[record.form]
    digest = hashlib.sha256()
    statement = f"COPY ({preset.query(form)}) TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER '{form.delimiter}')"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # One snapshot for the rows and for the number of those without one, however many people sign meanwhile.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [form.zone])
            record.unnamed = without_a_row(record.campaign_id, preset)
            record.rows = 0
            with cursor.copy(statement, [record.campaign_id] * statement.count("%s")) as copy:
                heading, batches = heading_and_batches(copy, record)
                start = form.mark + form.lines([heading])
                chunks = archived(archive_of, start, batches, form) if archive_of else plain(start, batches, form)
                for chunk in until_paused(chunks):
                    digest.update(chunk)
                    yield chunk
    except BaseException:
        with suppress(DatabaseError, InterfaceError):  # where the database is away, the record stays without an end
            ExportRecord.objects.filter(pk=record.pk).update(broken_off_at=timezone.now())
        raise
    record.sha256 = digest.hexdigest()
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "unnamed", "sha256", "finished_at"])


def until_paused(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, as long as nobody pauses the site. Raises Paused.

    It looks over a connection of its own, opened only when the list takes that long: that of the list is busy, and sees
    the moment at which the list began.
    """
    next_look = monotonic() + LOOK_EVERY
    aside = None
    try:
        for chunk in chunks:
            if monotonic() >= next_look:
                aside = aside or connection.copy()
                if is_paused(aside):
                    raise Paused
                next_look = monotonic() + LOOK_EVERY
            yield chunk
    finally:
        if aside is not None:
            aside.close()


def is_paused(aside: BaseDatabaseWrapper) -> bool:
    with aside.cursor() as cursor:
        cursor.execute(pausing.LAST_ACTION)
        row = cursor.fetchone()
    return row is not None and row[0] == PauseAct.Action.PAUSE


def without_a_row(campaign_id: int, preset: Preset) -> int | None:
    """How many are counted and have no row, since their visibility gives them none; None where all may have one."""
    visibilities = entitled(preset.output)
    if len(visibilities) == len(Signature.Visibility):
        return None
    return Signature.objects.counted().filter(campaign=campaign_id).exclude(visibility__in=visibilities).count()


def heading_and_batches(copy: Any, record: ExportRecord) -> tuple[memoryview, Iterator[list[memoryview]]]:
    heading = copy.read()
    return heading, batches_of(copy, record)


def batches_of(copy: Any, record: ExportRecord) -> Iterator[list[memoryview]]:
    """The lines of a COPY, one from each message of the protocol, in batches; the record counts them.

    Psycopg's own reading takes each line through four of its functions, which makes an export half as fast as COPY. So
    lines that have arrived are taken straight from libpq, and psycopg does the waiting.
    """
    libpq = copy.connection.pgconn
    take = libpq.get_copy_data
    rows: list[memoryview] = []
    while True:
        size, row = take(1)
        if size <= 0:
            if size < 0:
                finish(libpq)
                break
            row = waited_for(copy)
            if not row:
                break
        rows.append(row)
        if len(rows) == BATCH:
            record.rows = (record.rows or 0) + BATCH
            yield rows
            rows = []
    if rows:
        record.rows = (record.rows or 0) + len(rows)
        yield rows


def waited_for(copy: Any) -> memoryview:
    """The next line, which has not arrived yet; empty after the last."""
    try:
        line: memoryview = copy.read()
    except psycopg.Error:
        raise broken_off() from None
    return line


def finish(libpq: Any) -> None:
    """Takes what the server says after the last line."""
    while result := libpq.get_result():
        if result.status != ExecStatus.COMMAND_OK:
            raise broken_off()


def broken_off() -> DatabaseError:
    """The server's own words stay here: they may hold a value."""
    return DatabaseError("PostgreSQL broke the list off.")


def plain(start: bytes, batches: Iterator[list[memoryview]], form: Form) -> Iterator[bytes]:
    yield start
    for rows in batches:
        yield form.lines(rows)


class Sink:
    """What an archive is written to: it cannot seek, and gives away what it has."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nowhere to flush to; `zipfile` asks for it."""

    def take(self) -> bytes:
        data = b"".join(self.written)
        self.written.clear()
        return data


def archived(stem: str, start: bytes, batches: Iterator[list[memoryview]], form: Form) -> Iterator[bytes]:
    """A ZIP of files that a spreadsheet can hold, each with the heading, numbered from 1."""
    sink = Sink()
    now = timezone.localtime().timetuple()[:6]
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]  # needs no more
        for number, part in groupby(in_parts(batches, SPREADSHEET_ROWS), key=itemgetter(0)):
            info = ZipInfo(f"{stem}-{number}.csv", now)
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                file.write(start)
                for _number, rows in part:
                    file.write(form.lines(rows))
                    if data := sink.take():
                        yield data
    yield sink.take()


def in_parts(batches: Iterator[list[memoryview]], most: int) -> Iterator[tuple[int, list[memoryview]]]:
    """The batches with the number of the part that each belongs to, cut where a part is full."""
    number, left = 1, most
    for batch in batches:
        rows = batch
        while rows:
            taken, rows = rows[:left], rows[left:]
            yield number, taken
            left -= len(taken)
            if not left:
                number, left = number + 1, most
