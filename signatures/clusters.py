"""Clusters: what stands out among the signatures of today and yesterday, found in the background for staff to look at.

Nobody is held by one. Everything is compared within one campaign and one day, with what is usual there: a mobile
network or a university has many signers, and so have others like it. A few statements look at the rows of two days,
which an index finds; doubts are written for the first thousand members of a cluster at the most.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from signatures import addresses, locks
from signatures.models import Cluster, Doubt, Staff

AT_LEAST = 20  # fewer can be read one by one in the list, and a family or an office has as many
TIMES = 3  # as many as the tenth largest of its kind: what ten others have too does not stand out
BURST_AT_LEAST = 50  # in ten minutes; below that one shared message is enough
BURST_TIMES = 5  # as many as in half of the campaign's ten minutes; the best hour of a day has two or three times that
DOUBTS = 1000  # for each cluster: more than anybody reads

ROWS = "signatures_origin AS o JOIN signatures_signature AS s ON s.id = o.signature_id"
BIN = "date_bin('10 minutes', s.created_at, timestamptz '2000-01-01 00:00Z')"
KEYS = {
    Cluster.Kind.NETWORK: "encode(o.network, 'hex')",
    Cluster.Kind.DOMAIN: "lower(split_part(s.email, '@', 2))",
    Cluster.Kind.BURST: f"""to_char({BIN} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')""",
}

GROUPED = f"""
WITH grouped AS (
    SELECT s.campaign_id, o.day, %(kind)s::text AS kind, {{key}} AS key, count(*) AS n,
        count(*) FILTER (WHERE s.state = 'confirmed' AND s.moderation = 'clear') AS counted,
        count(*) FILTER (WHERE s.moderation = 'held') AS held,
        min(s.created_at) AS first_at, max(s.created_at) AS last_at
    FROM {ROWS}
    WHERE o.day >= %(since)s AND {{which}}
    GROUP BY s.campaign_id, o.day, {{key}}
)"""

LARGEST = """, compared AS (
    SELECT *, coalesce(nth_value(n, 10) OVER (
        PARTITION BY campaign_id, day ORDER BY n DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ), 0) AS usual
    FROM grouped WHERE n > 1
)"""

# The median over all tens of minutes since the first of these days, the empty ones too.
BUSIEST = """, usual AS (
    SELECT began.campaign_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(grouped.n, 0)) AS usual
    FROM (SELECT campaign_id, min(key::timestamptz) AS at FROM grouped GROUP BY campaign_id) AS began
    CROSS JOIN LATERAL generate_series(began.at, now(), interval '10 minutes') AS bin (at)
    LEFT JOIN grouped ON grouped.campaign_id = began.campaign_id AND grouped.key::timestamptz = bin.at
    GROUP BY began.campaign_id
), compared AS (
    SELECT grouped.*, usual FROM grouped JOIN usual USING (campaign_id)
)"""

KEEP = """
INSERT INTO signatures_cluster (campaign_id, day, kind, key, n, counted, held, first_at, last_at, found_at)
SELECT campaign_id, day, kind, key, n, counted, held, first_at, last_at, now()
FROM compared WHERE n >= %(at_least)s AND n >= %(times)s * usual
ON CONFLICT (campaign_id, kind, key, day) DO UPDATE SET n = excluded.n, counted = excluded.counted,
    held = excluded.held, first_at = excluded.first_at, last_at = excluded.last_at
"""

# Each signature is held fast while it gets its doubt, so that none can be left of somebody who is being erased.
DOUBT = f"""
WITH members AS (
    SELECT s.id, c.id AS cluster_id, row_number() OVER (PARTITION BY c.id ORDER BY s.id) AS place
    FROM {ROWS}
    JOIN signatures_cluster AS c
        ON c.kind = %(kind)s AND c.campaign_id = s.campaign_id AND c.day = o.day AND c.key = {{key}}
    WHERE o.day >= %(since)s AND c.looked_at IS NULL AND s.moderation = 'clear' AND s.state <> 'withdrawn' AND {{which}}
), held_fast AS (
    SELECT s.id, members.cluster_id
    FROM members JOIN signatures_signature AS s ON s.id = members.id
    WHERE members.place <= %(doubts)s AND s.erased_at IS NULL
        AND NOT EXISTS (SELECT FROM signatures_doubt AS d WHERE d.signature_id = s.id AND d.kind = %(kind)s)
    FOR KEY SHARE OF s SKIP LOCKED
)
INSERT INTO signatures_doubt (signature_id, kind, detail, made_at)
SELECT id, %(kind)s, cluster_id::text, now() FROM held_fast
ON CONFLICT (signature_id, kind) DO NOTHING
"""

# A large provider's mailboxes have nothing in common.
HAS_DOMAIN = "s.email <> '' AND lower(split_part(s.email, '@', 2)) <> ALL(%(large)s)"
# The domain of who is counted only is nobody's business, so nothing at their signature may lead to it.
SHOWS_DOMAIN = "s.visibility <> 'secret' AND s.email <> ''"
# A good day is no reason to doubt everybody who signed on it, nor is a crowd; a throw-away address in a burst is.
IS_DOUBTED = """EXISTS (
    SELECT FROM signatures_doubt AS d
    WHERE d.signature_id = s.id AND d.settled_at IS NULL AND d.kind <> ALL(%(no_reason)s)
)"""


def find() -> int:
    """Finds clusters and writes their doubts; answers how many were found or seen again. 0 while another is at it."""
    kinds = Cluster.Kind
    return (
        _find(kinds.NETWORK, "TRUE", "TRUE", LARGEST, AT_LEAST, TIMES)
        + _find(kinds.DOMAIN, HAS_DOMAIN, SHOWS_DOMAIN, LARGEST, AT_LEAST, TIMES)
        + _find(kinds.BURST, "TRUE", IS_DOUBTED, BUSIEST, BURST_AT_LEAST, BURST_TIMES)
    )


@transaction.atomic
def _find(kind: Cluster.Kind, which: str, doubted: str, compared: str, at_least: int, times: int) -> int:
    values: dict[str, Any] = {
        "kind": kind.value,
        "since": datetime.now(UTC).date() - timedelta(days=1),
        "large": sorted(addresses.LARGE_PROVIDERS),
        "at_least": at_least,
        "times": times,
        "doubts": DOUBTS,
        "no_reason": ["burst", *Doubt.QUIET],
    }
    key = KEYS[kind]
    if not locks.take(locks.Lock.FIND_CLUSTERS):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(GROUPED.format(key=key, which=which) + compared + KEEP, values)
        found = int(cursor.rowcount)
        cursor.execute(DOUBT.format(key=key, which=doubted), values)
    return found


@transaction.atomic
def look_at(*, clusters: QuerySet[Cluster], staff: Staff) -> int:
    """Notes who has looked, and settles the doubts that these clusters raised: they raise none from now on."""
    ids = list(clusters.filter(looked_at=None).order_by("pk").select_for_update().values_list("pk", flat=True))
    now = timezone.now()
    raised = Doubt.objects.open().filter(kind__in=Cluster.Kind.values, detail__in=[str(pk) for pk in ids])
    raised.locked().update(settled_at=now)
    return Cluster.objects.filter(pk__in=ids).update(looked_at=now, looked_by=staff)


def search_of(cluster: Cluster) -> str:
    """What finds its members in the list of signatures; of a burst, the day."""
    if cluster.kind == Cluster.Kind.DOMAIN:
        return f"@{cluster.key}"
    return cluster.key if cluster.kind == Cluster.Kind.NETWORK else str(timezone.localdate(cluster.first_at))
