"""Which signatures are in a delivery: all that count at one moment and were in none before."""

from dataclasses import dataclass

from django.db import connection, transaction

from campaigns.models import Campaign
from signatures import locks, tally
from signatures.exports.presets import COUNTED
from signatures.models import Delivery
from signatures.visibility import Output, entitled

State = Delivery.State

NAMED = "visibility IN ({})".format(", ".join(f"'{visibility}'" for visibility in entitled(Output.ADDRESSEE)))
NEW = f"""
FROM signatures_signature AS signature
WHERE campaign_id = %(campaign)s AND {COUNTED}
AND NOT EXISTS (
    SELECT FROM signatures_deliveredsignature AS member
    JOIN signatures_delivery AS delivery ON delivery.id = delivery_id
    WHERE member.signature_id = signature.id AND delivery.state <> '{State.WITHDRAWN}'
)
"""

# One statement sees one snapshot: what is frozen, what the campaign counts and what it does not count yet are of the
# same moment, however many people sign meanwhile. The numbers are in random order, so that none tells when one signed.
FREEZE = f"""
WITH frozen AS (
    INSERT INTO signatures_deliveredsignature (signature_id, delivery_id, number)
    SELECT id, %(delivery)s, CASE WHEN {NAMED} THEN row_number() OVER (PARTITION BY {NAMED} ORDER BY random()) END
    {NEW}
    RETURNING number
), handed AS (
    SELECT count(*) AS n FROM signatures_deliveredsignature AS member
    JOIN signatures_signature AS signature ON signature.id = member.signature_id
    WHERE campaign_id = %(campaign)s AND {COUNTED}
), others AS (
    SELECT coalesce(jsonb_object_agg(what, n), '{{}}') AS numbers FROM (
        SELECT CASE WHEN state = 'confirmed' THEN moderation ELSE state END AS what, sum(n) AS n
        FROM (
            SELECT campaign_id, state, moderation, n FROM signatures_statetally
            UNION ALL SELECT campaign_id, state, moderation, n FROM signatures_statedelta
        ) AS signed
        WHERE campaign_id = %(campaign)s AND state <> 'withdrawn' AND NOT ({COUNTED})
        GROUP BY 1
    ) AS sums
)
UPDATE signatures_delivery SET
    state = '{State.WAITING}', frozen_at = statement_timestamp(), counted = ({tally.COUNT}),
    before = (SELECT n FROM handed), signatures = (SELECT count(*) FROM frozen),
    names = (SELECT count(number) FROM frozen), left_out = (SELECT numbers FROM others)
WHERE id = %(delivery)s
"""
# An array is looked up by the index, however many rows there are; it is asked for every few seconds.
LET_GO = """
DELETE FROM signatures_deliveredsignature
WHERE delivery_id = ANY (ARRAY(SELECT id FROM signatures_delivery WHERE state = 'withdrawn'))
"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a delivery would hold that is made now."""

    signatures: int
    names: int

    @property
    def unnamed(self) -> int:
        return self.signatures - self.names


def preview(campaign: Campaign) -> Numbers:
    """It counts rows, a second for some millions, so it is for a page that somebody opens to decide."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE {NAMED}) {NEW}", {"campaign": campaign.pk})
        return Numbers(*cursor.fetchone())


@transaction.atomic
def let_go() -> None:
    """What is in a delivery that was withdrawn may be in another one."""
    with connection.cursor() as cursor:
        cursor.execute(LET_GO)


@transaction.atomic
def freeze_next() -> bool:
    """One delivery that was made; False where there is none, or another process is at it."""
    if not locks.take(locks.Lock.FREEZE):
        return False
    delivery = Delivery.objects.select_for_update().filter(state=State.MADE).order_by("pk").first()
    if delivery is None:
        return False
    let_go()
    with connection.cursor() as cursor:
        cursor.execute(FREEZE, {"campaign": delivery.campaign_id, "delivery": delivery.pk})
    return True
