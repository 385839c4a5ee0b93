"""The stream: PostgreSQL's COPY from one snapshot, in the bytes of a form, hashed and accounted for as it leaves.

Nothing is written to a disk of ours, and no more than a piece of some hundred kilobytes is in memory.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from campaigns.models import Campaign
from signatures import pausing, tally
from signatures.exports.archives import archived
from signatures.exports.copying import snapshot
from signatures.exports.forms import FORMS, SPREADSHEET_ROWS, Form
from signatures.exports.presets import PRESETS
from signatures.models import ExportRecord, Staff

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
    called outside a transaction: the list is read over a connection of its own, in one that sees a single snapshot.

    What a spreadsheet would cut off goes as a ZIP of several files. That is told by a count made just before, since a
    name and a type are sent before the first row; a file has room for 48,575 rows that come to it in between.

    Raises Paused while the site is paused; a stream that is under way then breaks off.
    """
    if pausing.is_on():
        raise Paused
    is_archive = FORMS[form].is_for_spreadsheets and is_too_long(campaign, preset)
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


def is_too_long(campaign: Campaign, preset: str) -> bool:
    """For one file of a spreadsheet. No list has more rows than the campaign counts, which is told without counting."""
    counted = tally.count(campaign.pk)
    return counted > SPREADSHEET_ROWS and PRESETS[preset].has_more_than(SPREADSHEET_ROWS, campaign)


def stream(record: ExportRecord, archive_of: str = "") -> Iterator[bytes]:
    preset, form, campaign = PRESETS[record.preset], FORMS[record.form], record.campaign_id
    digest = hashlib.sha256()
    try:
        # One snapshot for the rows and for the number of those without one, however many people sign meanwhile.
        with snapshot(form.zone) as moment:
            if preset.without_a_row:
                record.unnamed = moment.count(of(campaign, preset.without_a_row))
            pieces = until_paused(moment.copy(of(campaign, preset.query(form)), form.delimiter))
            for chunk in archived(archive_of, pieces, form, SPREADSHEET_ROWS) if archive_of else plain(pieces, form):
                digest.update(chunk)
                yield chunk
            record.rows = moment.copied
    except BaseException:
        with suppress(DatabaseError, InterfaceError):  # where the database is away, the record stays without an end
            ExportRecord.objects.filter(pk=record.pk).update(broken_off_at=timezone.now())
        raise
    record.sha256 = digest.hexdigest()
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "unnamed", "sha256", "finished_at"])


def of(campaign_id: int, query: str) -> str:
    """COPY takes no parameters."""
    return query.replace("%s", str(int(campaign_id)))


def until_paused(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces that hold something, as long as nobody pauses the site. Raises Paused.

    It looks over Django's own connection, which has nothing else to do and sees what is now.
    """
    next_look = monotonic() + LOOK_EVERY
    for piece in pieces:
        if monotonic() >= next_look:
            if pausing.is_on():
                raise Paused
            next_look = monotonic() + LOOK_EVERY
        if piece:
            yield piece


def plain(pieces: Iterator[bytes], form: Form) -> Iterator[bytes]:
    """The mark goes before the heading, and so into the first piece."""
    mark = form.mark
    for piece in pieces:
        yield mark + form.written(piece)
        mark = b""
