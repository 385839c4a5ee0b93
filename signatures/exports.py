"""Exports: the columns of each preset, formulas defused, and the stream out of PostgreSQL's COPY.

A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula. Such a value
gets one apostrophe before it, and so does one that already reads as an apostrophe, or several, before such a
character. Taking one apostrophe off every value that matches `DEFUSED` gives back exactly what was typed.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.models import ExportRecord, Signature, Staff
from signatures.visibility import Output, entitled, expression

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

FORMULA = r"^'*[=+@\t\r-]"
DEFUSED = re.compile(r"^'+[=+@\t\r-]")


@dataclass(frozen=True, slots=True)
class Preset:
    output: Output
    description: "StrPromise"
    fields: tuple[str, ...]
    condition: str = "state = 'confirmed'"
    is_numbered: bool = False  # rows in random order under running numbers, so that nothing tells when one signed


PRESETS = {
    "addressee": Preset(
        Output.ADDRESSEE,
        _("For the addressee: number, name, country"),
        ("name", "country"),
        condition="state = 'confirmed' AND moderation = 'clear'",
        is_numbered=True,
    ),
    "internal": Preset(
        Output.INTERNAL,
        _("For the campaign: id, states, dates, language, country, reason; no names"),
        (
            "id",
            "state",
            "moderation",
            "created_at",
            "confirmed_at",
            "language",
            "country",
            "moderation_reason",
        ),
    ),
}

UTC_SECONDS = """to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def column(field: str, output: Output) -> str:
    """SQL for one column: what visibility allows of the field, dates as ISO 8601, texts with formulas defused."""
    value = expression(field, output)
    if field.endswith("_at"):
        value = UTC_SECONDS.format(value=value)
    elif field != "id":
        pattern = FORMULA.replace("'", "''")
        value = f"regexp_replace({value}, E'({pattern})', E'''\\\\1')"
    return f"{value} AS {field}"


def query(preset: Preset) -> str:
    """The SELECT behind an export, made of this room's own words; its one parameter is the campaign's id."""
    columns = ", ".join(column(field, preset.output) for field in preset.fields)
    names = ", ".join(f"'{name}'" for name in entitled(preset.output))
    number, order = ("row_number() OVER () AS number, ", "random()") if preset.is_numbered else ("", "id")
    rows = (
        f"SELECT * FROM {Signature._meta.db_table} WHERE campaign_id = %s AND {preset.condition}"
        f" AND visibility IN ({names}) ORDER BY {order}"
    )
    return f"SELECT {number}{columns} FROM ({rows}) AS signature"


def line(signature: Signature) -> list[str]:
    """A signer's own line in the list for the addressee, by the same columns; empty where the list has none for it.

    A list numbers its lines anew, in random order, so that a line has no number of its own.
    """
    preset = PRESETS["addressee"]
    columns = ", ".join(column(field, preset.output) for field in preset.fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {Signature._meta.db_table}"
            f" WHERE id = %s AND {preset.condition} AND visibility = ANY(%s)",
            [signature.pk, entitled(preset.output)],
        )
        row = cursor.fetchone()
    return [str(value) for value in row] if row else []


def lists_since(signature: Signature) -> list[datetime]:
    """When lists for the addressee were made since this signature was confirmed: it may have been in them."""
    records = ExportRecord.objects.filter(campaign=signature.campaign_id, preset="addressee")
    # Those that were broken off too: nobody knows how far they came.
    made = records.filter(started_at__gte=signature.confirmed_at).order_by("started_at")
    return list(made.values_list("started_at", flat=True))


def export(*, campaign: Campaign, preset: str, purpose: str, staff: Staff) -> Iterator[bytes]:
    """Streams a preset as CSV (RFC 4180, UTF-8, a heading line) and keeps the account of it.

    The record is made before the first byte and completed after the last; one that was broken off stays without
    `finished_at`. Must be called outside a transaction: it opens one that sees a single snapshot.
    """
    record = ExportRecord.objects.create(staff=staff, campaign=campaign, preset=preset, purpose=purpose)
    return stream(record, PRESETS[preset])


def stream(record: ExportRecord, preset: Preset) -> Iterator[bytes]:
    digest = hashlib.sha256()
    counted = Signature.objects.counted().filter(campaign=record.campaign_id)
    with transaction.atomic(), connection.cursor() as cursor:
        # One snapshot for the rows and for the number of those without one, however many people sign meanwhile.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        record.unnamed = counted.exclude(visibility__in=entitled(preset.output)).count()
        statement = f"COPY ({query(preset)}) TO STDOUT WITH (FORMAT csv, HEADER)"
        with cursor.copy(statement, [record.campaign_id]) as copy:
            for data in copy:
                digest.update(data)
                yield bytes(data)
        record.rows = cursor.rowcount
    record.sha256 = digest.hexdigest()
    record.finished_at = timezone.now()
    record.save(update_fields=["rows", "unnamed", "sha256", "finished_at"])
