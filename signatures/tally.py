"""The count: what the triggers wrote, folded into a history and one total, and always exact.

Triggers on the signatures' table (migration 0021) write one `CountDelta` per statement, campaign, country and hour, and
one `StateDelta` per state and language. `fold` moves them into `Tally` and `Total`, whose own triggers keep the sums by
hour and by country, and into `StateTally`. No signer ever waits for a row that another signer holds.
"""

import secrets
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction

from signatures import locks, reading
from signatures.models import ViaTally

FOLD = """
WITH folded AS (
    DELETE FROM signatures_countdelta RETURNING campaign_id, country, hour, n
), history AS (
    INSERT INTO signatures_tally (campaign_id, country, hour, n)
    SELECT campaign_id, country, hour, sum(n) FROM folded GROUP BY campaign_id, country, hour
    ON CONFLICT (campaign_id, country, hour) DO UPDATE SET n = signatures_tally.n + excluded.n
), totals AS (
    INSERT INTO signatures_total (campaign_id, n)
    SELECT campaign_id, sum(n) FROM folded GROUP BY campaign_id
    ON CONFLICT (campaign_id) DO UPDATE SET n = signatures_total.n + excluded.n
)
SELECT count(*) FROM folded
"""

FOLD_STATES = """
WITH folded AS (
    DELETE FROM signatures_statedelta RETURNING campaign_id, state, moderation, language, n
), states AS (
    INSERT INTO signatures_statetally (campaign_id, state, moderation, language, n)
    SELECT campaign_id, state, moderation, language, sum(n) FROM folded
    GROUP BY campaign_id, state, moderation, language
    ON CONFLICT (campaign_id, state, moderation, language) DO UPDATE SET n = signatures_statetally.n + excluded.n
)
SELECT count(*) FROM folded
"""

FOLD_FUNNEL = """
WITH folded AS (
    DELETE FROM signatures_funneldelta RETURNING campaign_id, day, provider, step, n
), steps AS (
    INSERT INTO signatures_funneltally (campaign_id, day, provider, step, n)
    SELECT campaign_id, day, provider, step, sum(n) FROM folded GROUP BY campaign_id, day, provider, step
    ON CONFLICT (campaign_id, day, provider, step) DO UPDATE SET n = signatures_funneltally.n + excluded.n
)
SELECT count(*) FROM folded
"""

# One statement sees one snapshot: a fold is in it whole or not at all.
COUNT = """
SELECT coalesce((SELECT n FROM signatures_total WHERE campaign_id = %(campaign)s), 0)
     + coalesce((SELECT sum(n) FROM signatures_countdelta WHERE campaign_id = %(campaign)s), 0)
"""

BY_COUNTRY = """
SELECT country, sum(n) AS n
FROM (
    SELECT country, n FROM signatures_countrytally WHERE campaign_id = %s
    UNION ALL
    SELECT country, n FROM signatures_countdelta WHERE campaign_id = %s
) AS counted
GROUP BY country HAVING sum(n) >= %s ORDER BY n DESC, country
"""

OVER_TIME = """
SELECT CASE WHEN hour >= %s THEN hour ELSE date_trunc('day', hour, %s) END AS moment, sum(n)
FROM (
    SELECT hour, n FROM signatures_hourtally WHERE campaign_id = %s AND hour >= %s
    UNION ALL
    SELECT hour, n FROM signatures_countdelta WHERE campaign_id = %s AND hour >= %s
) AS counted
GROUP BY moment
"""

BY_DAY = """
SELECT day, (sum(sum(n)) OVER (ORDER BY day))::bigint
FROM (
    SELECT hour, n FROM signatures_hourtally WHERE campaign_id = %s
    UNION ALL
    SELECT hour, n FROM signatures_countdelta WHERE campaign_id = %s
) AS counted, LATERAL (SELECT (hour AT TIME ZONE %s)::date AS day) AS of_day
GROUP BY day ORDER BY day
"""

BY_STATE = """
SELECT state, moderation, language, sum(n)
FROM (
    SELECT state, moderation, language, n FROM signatures_statetally WHERE campaign_id = %s
    UNION ALL
    SELECT state, moderation, language, n FROM signatures_statedelta WHERE campaign_id = %s
) AS signed
GROUP BY state, moderation, language HAVING sum(n) <> 0
"""

VIA = """
INSERT INTO signatures_viatally (campaign_id, channel, day, shard, n)
VALUES (%s, %s, (now() AT TIME ZONE 'UTC')::date, %s, 1)
ON CONFLICT (campaign_id, channel, day, shard) DO UPDATE SET n = signatures_viatally.n + 1
"""


def count_via(campaign_id: int, channel: str) -> None:
    """Counts one signature for the channel of the link that led to the page. Call it outside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(VIA, [campaign_id, channel, secrets.randbelow(ViaTally.SHARDS)])


def fold() -> int:
    """Folds all deltas; answers how many, 0 also where another process is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not locks.take(locks.Lock.FOLD):
            return 0
        folded = 0
        for statement in (FOLD, FOLD_STATES, FOLD_FUNNEL):
            cursor.execute(statement)
            folded += int(cursor.fetchone()[0])
        return folded


def count(campaign_id: int) -> int:
    """The exact number of counted signatures, as of this statement."""
    with reading.connection().cursor() as cursor:
        cursor.execute(COUNT, {"campaign": campaign_id})
        return int(cursor.fetchone()[0])


def by_country(campaign_id: int, at_least: int = 1) -> dict[str, int]:
    """Counted signatures by ISO code, the most first; countries with fewer than `at_least` are left out."""
    with reading.connection().cursor() as cursor:
        cursor.execute(BY_COUNTRY, [campaign_id, campaign_id, at_least])
        return {country: int(n) for country, n in cursor.fetchall()}


def over_time(campaign_id: int, since: datetime, hourly_since: datetime) -> dict[datetime, int]:
    """Counted signatures won, less those lost, from `since` on, by when the time in which that was begins.

    From `hourly_since` on that is an hour, and before it a day of the site's time zone. Empty ones are left out.
    """
    with reading.connection().cursor() as cursor:
        cursor.execute(OVER_TIME, [hourly_since, settings.TIME_ZONE, campaign_id, since, campaign_id, since])
        return {moment: int(n) for moment, n in cursor.fetchall()}


def by_day(campaign_id: int) -> dict[date, int]:
    """How many signatures counted at the end of each day of the site's time zone on which that changed."""
    with reading.connection().cursor() as cursor:
        cursor.execute(BY_DAY, [campaign_id, campaign_id, settings.TIME_ZONE])
        return {day: int(n) for day, n in cursor.fetchall()}


def by_state(campaign_id: int) -> dict[tuple[str, str, str], int]:
    """All signatures, counted or not, by state, what moderation says, and language."""
    with reading.connection().cursor() as cursor:
        cursor.execute(BY_STATE, [campaign_id, campaign_id])
        return {(state, moderation, language): int(n) for state, moderation, language, n in cursor.fetchall()}
