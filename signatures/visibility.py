"""The one rule of what an output may contain.

`FIELDS` is the table: output × visibility → fields. The function for one signature and the SQL expression for a list
both read it, so that a page and a COPY cannot come to differ.
"""

from enum import StrEnum
from typing import Any

from signatures.models import Signature

Visibility = Signature.Visibility

# Signatures from one network on one day among which staff may learn of those that are counted only.
CROWD = 10


class Output(StrEnum):
    PAGE = "page"  # the latest names on the campaign's page
    ADDRESSEE = "addressee"  # the list that is handed over
    NEWS = "news"  # the list of those who asked for news by email
    INTERNAL = "internal"  # figures for the campaign's own staff
    ADMIN = "admin"  # what moderators see
    SIGNER = "signer"  # the signer's own page and download
    LETTER = "letter"  # what is mailed


NOTHING: frozenset[str] = frozenset()
ACCOUNT = frozenset(
    {"id", "state", "moderation", "moderation_reason", "created_at", "confirmed_at", "language", "country"}
)
HANDED_OVER = frozenset({"name", "country"})
# Who asked for news has let us keep the address for it, also where the signature is counted only.
NEWS = frozenset({"email", "country", "language", "consent_id"})
PERSON = frozenset({"name", "email"})

OWN = ACCOUNT | PERSON | {"visibility", "wants_updates", "withdrawn_at", "held_at", "is_name_hidden"}

FIELDS: dict[Output, dict[str, frozenset[str]]] = {
    Output.PAGE: {
        Visibility.SECRET: NOTHING,
        Visibility.DELIVERED: NOTHING,
        Visibility.PUBLIC: frozenset({"name", "country"}),
    },
    Output.ADDRESSEE: {
        Visibility.SECRET: NOTHING,
        Visibility.DELIVERED: HANDED_OVER,
        Visibility.PUBLIC: HANDED_OVER,
    },
    Output.NEWS: {
        Visibility.SECRET: NEWS,
        Visibility.DELIVERED: NEWS | {"name"},
        Visibility.PUBLIC: NEWS | {"name"},
    },
    Output.INTERNAL: dict.fromkeys(Visibility, ACCOUNT),
    Output.ADMIN: {
        Visibility.SECRET: ACCOUNT,
        Visibility.DELIVERED: ACCOUNT | PERSON,
        Visibility.PUBLIC: ACCOUNT | PERSON,
    },
    Output.SIGNER: dict.fromkeys(Visibility, OWN),
    Output.LETTER: dict.fromkeys(Visibility, NOTHING),  # an address may not be that of the person it was typed beside
}


def shown(signature: Signature, field: str, output: Output) -> Any:
    """The field's value where the signer lets this output have it, else an empty text.

    A name that staff have hidden is not on the page, and a country alone would be an empty line there.
    """
    if output == Output.PAGE and signature.is_name_hidden:
        return ""
    return getattr(signature, field) if field in FIELDS[output][signature.visibility] else ""


def entitled(output: Output) -> list[str]:
    """The visibilities with a row of their own in an output; the others are in its total only."""
    return [str(visibility) for visibility, fields in FIELDS[output].items() if fields]


def allowed(field: str, output: Output) -> list[str]:
    """The visibilities whose signatures let an output have the field, or be found by it: a hit tells as much."""
    return [str(visibility) for visibility, fields in FIELDS[output].items() if field in fields]


def expression(field: str, output: Output, value: str = "") -> str:
    """SQL for the field in a list: NULL, which COPY writes as nothing, where the visibility does not allow it.

    `value` is SQL for what stands for the field in the list, where that is not the field's own column.
    """
    names = ", ".join(f"'{visibility}'" for visibility in allowed(field, output)) or "NULL"
    return f"CASE WHEN visibility IN ({names}) THEN {value or field} END"
