"""What signers see of the lists that their signature may be in."""

from datetime import datetime

from django.db import connection

from signatures.exports.forms import FORMS
from signatures.exports.presets import PRESETS
from signatures.models import ExportRecord, Signature

PACK = "pack"  # the preset in the record of one that was downloaded (deliveries/offering.py)


def line(signature: Signature) -> list[str]:
    """A signer's own line in the list for the addressee, by the same columns; empty where the list has none for it.

    A list numbers its lines anew, in random order, so that a line has no number of its own.
    """
    preset, form = PRESETS["addressee"], FORMS[ExportRecord.Form.COMMA]
    columns = ", ".join(column.sql(preset.output, form) for column in preset.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM signatures_signature AS signature WHERE {preset.where} AND id = %s",
            [signature.campaign_id, signature.pk],
        )
        row = cursor.fetchone()
    return [str(value) for value in row] if row else []


def lists_since(signature: Signature) -> list[datetime]:
    """When lists for the addressee were made since this signature was confirmed: it may have been in them.

    So too when packs of deliveries were taken, of those also that were withdrawn afterwards.
    """
    records = ExportRecord.objects.filter(campaign=signature.campaign_id, preset__in=["addressee", PACK])
    # Those that were broken off too: nobody knows how far they came.
    made = records.filter(started_at__gte=signature.confirmed_at).order_by("started_at")
    return list(made.values_list("started_at", flat=True))
