"""The lists that can be exported: of each its columns, and the SQL that COPY runs.

Whatever is of a signature is written through the visibility table. Every list holds counted signatures only.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.exports.forms import Form
from signatures.models import Signature
from signatures.visibility import Output, entitled, expression

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

NAMES = "signatures.export_signature"
NUMBERS = "signatures.export_numbers"

COUNTED = "state = 'confirmed' AND moderation = 'clear'"

# The yes to news that holds: the last one, under the text that was shown with it. What was agreed to later about the
# name has a text of its own.
YES_TO_NEWS = """
LEFT JOIN LATERAL (
    SELECT event.at AS agreed_at, words.language || ' ' || words.version AS agreed_to
    FROM signatures_consentevent AS event JOIN campaigns_consenttext AS words ON words.id = event.consent_id
    WHERE event.signature_id = signature.id AND event.kind IN ('ticked', 'news_on')
    ORDER BY event.id DESC LIMIT 1
) AS yes ON true
"""

# A clear signature has no reason of its own any more; what remains is that of the act that cleared it.
LAST_ACT = """
LEFT JOIN LATERAL (
    SELECT act.reason FROM signatures_moderatedsignature AS moderated
    JOIN signatures_moderationact AS act ON act.id = moderated.act_id
    WHERE moderated.signature_id = signature.id AND act.action IN ('hold', 'release', 'reject', 'restore', 'undo')
    ORDER BY moderated.id DESC LIMIT 1
) AS past ON true
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, the field by which the visibility table decides, and SQL for the value where that is another."""

    heading: str
    field: str = ""
    value: str = ""
    kind: str = "text"  # or moment, number

    def sql(self, output: Output, form: Form) -> str:
        value = expression(self.field or self.heading, output, self.value)
        value = {"text": form.text, "moment": form.at}.get(self.kind, str)(value)
        return f"{value} AS {self.heading}"


@dataclass(frozen=True, slots=True)
class Preset:
    description: "StrPromise"
    output: Output
    columns: tuple[Column, ...]
    condition: str = COUNTED
    join: str = ""
    is_numbered: bool = False  # rows in random order under running numbers, so that nothing tells when one signed
    is_named: bool = False
    permissions: tuple[str, ...] = (NAMES,)  # any of these

    @property
    def where(self) -> str:
        names = ", ".join(f"'{name}'" for name in entitled(self.output))
        return f"campaign_id = %s AND {self.condition} AND visibility IN ({names})"

    def query(self, form: Form) -> str:
        """The SELECT behind an export, made of this room's own words; its parameter is the campaign's id."""
        columns = ", ".join(column.sql(self.output, form) for column in self.columns)
        rows = f"SELECT {columns} FROM signatures_signature AS signature {self.join} WHERE {self.where}"
        if self.is_numbered:
            return f"SELECT row_number() OVER () AS number, * FROM ({rows} ORDER BY random()) AS shuffled"
        return f"{rows} ORDER BY signature.id"

    @property
    def without_a_row(self) -> str:
        """A SELECT of how many are counted and have no row, since their visibility gives them none; empty where all may
        have one. Its parameter is the campaign's id."""
        names = entitled(self.output)
        if len(names) == len(Signature.Visibility):
            return ""
        others = ", ".join(f"'{name}'" for name in Signature.Visibility.values if name not in names)
        where = f"campaign_id = %s AND {COUNTED} AND visibility IN ({others})"
        return f"SELECT count(*) FROM signatures_signature WHERE {where}"

    def how_many(self, campaign: Campaign) -> int:
        """Rows that it would have now, without its heading."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM signatures_signature WHERE {self.where}", [campaign.pk])
            return int(cursor.fetchone()[0])

    def has_more_than(self, most: int, campaign: Campaign) -> bool:
        """The same question, for an answer that takes no longer the more there are."""
        with connection.cursor() as cursor:
            one_more = f"SELECT FROM signatures_signature WHERE {self.where} LIMIT {most + 1}"
            cursor.execute(f"SELECT count(*) FROM ({one_more}) AS found", [campaign.pk])
            return int(cursor.fetchone()[0]) > most


@dataclass(frozen=True, slots=True)
class Numbers(Preset):
    """Sums of the tally, which holds nobody."""

    def query(self, form: Form) -> str:
        """A day has the form's zone, which its heading names. Those who were won, less those who were lost."""
        return f"""
            SELECT hour::date AS "day ({form.zone})", country, sum(n) AS signatures
            FROM (
                SELECT hour, country, n FROM signatures_tally WHERE campaign_id = %s
                UNION ALL
                SELECT hour, country, n FROM signatures_countdelta WHERE campaign_id = %s
            ) AS counted
            GROUP BY 1, 2 HAVING sum(n) <> 0 ORDER BY 1, 2
        """

    def how_many(self, campaign: Campaign) -> int:
        return 0  # far below any limit: days by countries

    def has_more_than(self, most: int, campaign: Campaign) -> bool:
        return False


PRESETS: dict[str, Preset] = {
    "addressee": Preset(
        _("For the addressee: number, name, country"),
        Output.ADDRESSEE,
        (Column("name"), Column("country")),
        is_numbered=True,
        is_named=True,
    ),
    "news": Preset(
        _("For news by email: address, name, country, language, when and to what they said yes"),
        Output.NEWS,
        (
            Column("email"),
            Column("name"),
            Column("country"),
            Column("language"),
            Column("agreed_at", "consent_id", "yes.agreed_at", kind="moment"),
            Column("consent_text", "consent_id", "yes.agreed_to"),
        ),
        condition=f"{COUNTED} AND wants_updates AND email <> ''",
        join=YES_TO_NEWS,
        is_named=True,
    ),
    "internal": Preset(
        _("For the campaign: id, dates, language, country, reason of the last review; no names"),
        Output.INTERNAL,
        (
            Column("id", value="signature.id", kind="number"),
            Column("created_at", kind="moment"),
            Column("confirmed_at", kind="moment"),
            Column("language"),
            Column("country"),
            Column("moderation_reason", value="past.reason"),
        ),
        join=LAST_ACT,
    ),
    "numbers": Numbers(
        _("Numbers: signatures for each day and country; nobody's row"),
        Output.INTERNAL,
        (),
        permissions=(NAMES, NUMBERS),
    ),
}
