"""One moment of a delivery, read out of one snapshot into files: its list, its totals, and what is not in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from signatures.deliveries.freezing import NAMED
from signatures.exports import FORMS, PRESETS
from signatures.exports.forms import Form
from signatures.exports.presets import COUNTED
from signatures.models import Delivery, ExportRecord

OF_DELIVERY = """
FROM signatures_deliveredsignature AS member
JOIN signatures_signature AS signature ON signature.id = member.signature_id
WHERE member.delivery_id = %(delivery)s
"""
LISTED = f"{COUNTED} AND {NAMED} AND number IS NOT NULL"

NUMBERS = f"""
SELECT count(*) FILTER (WHERE {LISTED}), count(*) FILTER (WHERE {COUNTED} AND NOT ({LISTED})),
    count(*) FILTER (WHERE NOT ({COUNTED}))
{OF_DELIVERY}
"""
BY_COUNTRY = f"SELECT country, count(*) AS n {OF_DELIVERY} AND {LISTED} GROUP BY country ORDER BY n DESC, country"
BY_MONTH = f"""
SELECT date_trunc('month', confirmed_at AT TIME ZONE %(zone)s) AS month, count(*)
{OF_DELIVERY} AND {LISTED} GROUP BY month ORDER BY month
"""
MISSING = f"""
SELECT coalesce(array_agg(numbered ORDER BY numbered), '{{}}') FROM generate_series(1, %(names)s) AS numbered
WHERE NOT EXISTS (SELECT {OF_DELIVERY} AND {LISTED} AND number = numbered)
"""
# Of each language the versions of the petition that somebody in the delivery can have read when they signed.
VERSIONS = f"""
SELECT DISTINCT language, coalesce(
    (SELECT max(version) FROM campaigns_textversion AS words WHERE words.campaign_id = signature.campaign_id
        AND words.language = signature.language AND words.published_at <= signature.created_at),
    1
) {OF_DELIVERY} AND {COUNTED}
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """`changes` are the keys of what was taken back until then: all that this moment knows of."""

    names: int
    unnamed: int
    taken_back: int
    by_country: list[tuple[str, int]]  # ISO code, those with a name only: who is counted only is one number
    by_month: list[tuple[datetime, int]]  # of confirming, likewise
    versions: set[tuple[str, int]]
    missing: list[int]
    changes: list[int]

    @property
    def signatures(self) -> int:
        return self.names + self.unnamed


@transaction.atomic
def take(delivery: Delivery, csv: Path, rows: Path) -> Moment:
    """Writes the addressee's CSV, and the same rows as they were typed. Call it outside a transaction."""
    asked = {"delivery": delivery.pk, "names": delivery.names, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(NUMBERS, asked)
        names, unnamed, taken_back = cursor.fetchone()
        cursor.execute(BY_COUNTRY, asked)
        by_country = cursor.fetchall()
        cursor.execute(BY_MONTH, asked)
        by_month = cursor.fetchall()
        cursor.execute(VERSIONS, asked)
        versions = set(cursor.fetchall())
        cursor.execute(MISSING, asked)
        (missing,) = cursor.fetchone()
        copy_csv(delivery, csv)
        copy_rows(delivery, rows)
        changes = list(delivery.changes.values_list("pk", flat=True))
    return Moment(names, unnamed, taken_back, by_country, by_month, versions, missing, changes)


def copy_csv(delivery: Delivery, path: Path) -> None:
    """As any other list for the addressee, in the form for a spreadsheet, with the numbers of the PDF."""
    form = FORMS[ExportRecord.Form.COMMA]
    query, asked = f"COPY ({lines(form)}) TO STDOUT (FORMAT csv, HEADER)", {"delivery": delivery.pk}
    with path.open("wb") as file, connection.cursor() as cursor, cursor.copy(query, asked) as copy:
        file.write(form.mark)
        for piece in copy:
            file.write(form.written(bytes(piece)))


def copy_rows(delivery: Delivery, path: Path) -> None:
    """Number, name and ISO code of the country as JSON, one row a line."""
    query = f"COPY ({lines(FORMS[ExportRecord.Form.MACHINE])}) TO STDOUT"
    asked = {"delivery": delivery.pk}
    with path.open("w") as file, connection.cursor() as cursor, cursor.copy(query, asked) as copy:
        for number, *said in copy.rows():
            file.write(json.dumps([int(number), *said]) + "\n")


def lines(form: Form) -> str:
    preset = PRESETS["addressee"]
    columns = ", ".join(column.sql(preset.output, form) for column in preset.columns)
    return f"SELECT number, {columns} {OF_DELIVERY} AND {LISTED} ORDER BY number"


def read(rows: Path) -> Iterator[tuple[int, str, str]]:
    with rows.open() as file:
        for line in file:
            number, name, country = json.loads(line)
            yield number, name, country
