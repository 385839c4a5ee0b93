"""What PostgreSQL knows, asked when somebody asks us: exact, by small tables and indexes, and without counting a
signature. Every process of every machine answers the same, so that rules take the largest.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily as Gauge

from petition_site import health
from petition_site.backups import making

# Tallies have a row for each campaign, state and language; deltas are those of the last seconds.
SIGNATURES = """
SELECT slug, signed.state, moderation, sum(n)
FROM (
    SELECT campaign_id, state, moderation, n FROM signatures_statetally
    UNION ALL
    SELECT campaign_id, state, moderation, n FROM signatures_statedelta
) AS signed
JOIN campaigns_campaign ON campaigns_campaign.id = campaign_id
GROUP BY 1, 2, 3
"""

# By the index `letter_due`, which holds what waits and nothing else.
WAITING = """
SELECT CASE priority WHEN 0 THEN 'first' ELSE 'later' END, count(*),
    greatest(extract(epoch FROM statement_timestamp() - min(due_at)), 0),
    extract(epoch FROM statement_timestamp() - min(created_at))
FROM signatures_letter WHERE state = 'waiting' GROUP BY 1
"""

# By the index `letter_failed`. Of a code its first three digits: what follows is the other server's to choose.
FAILED = """
SELECT CASE WHEN error LIKE 'SMTP %' THEN left(error, 8) ELSE error END, count(*)
FROM signatures_letter WHERE state = 'failed' AND created_at > statement_timestamp() - interval '1 day' GROUP BY 1
"""

# A table with a row for each list that staff have taken.
EXPORTS = """
SELECT preset,
    CASE WHEN finished_at IS NOT NULL THEN 'finished' WHEN broken_off_at IS NOT NULL THEN 'broken_off' ELSE 'begun' END,
    count(*)
FROM signatures_exportrecord GROUP BY 1, 2
"""

NUMBERS = {
    "petition_letters_paused": (
        "Whether all letters wait because the mail server took none.",
        "SELECT count(*) FROM signatures_outbox WHERE paused_until > statement_timestamp()",
    ),
    "petition_letters_refusals": (
        "How often in a row the mail server has taken none.",
        "SELECT coalesce(max(refusals), 0) FROM signatures_outbox",
    ),
    "petition_unfolded": (
        "Changes of the count that are not folded into its sums yet. The count includes them.",
        "SELECT (SELECT count(*) FROM signatures_countdelta) + (SELECT count(*) FROM signatures_statedelta)",
    ),
    "petition_unfolded_oldest_seconds": (
        "How long ago the first of them was made; 0 where there is none.",
        "SELECT coalesce(extract(epoch FROM statement_timestamp() - min(made_at)), 0) FROM signatures_statedelta",
    ),
    "petition_recount_differences": (
        "Sums that the last recount found wrong.",
        "SELECT how_many FROM signatures_recount ORDER BY id DESC LIMIT 1",
    ),
    "petition_recount_age_seconds": (
        "How long ago that was.",
        "SELECT extract(epoch FROM statement_timestamp() - at) FROM signatures_recount ORDER BY id DESC LIMIT 1",
    ),
    "petition_beat_age_seconds": (
        "How long ago a worker last did what beat has it do every minute.",
        "SELECT extract(epoch FROM statement_timestamp() - last_run_at) FROM signatures_retentionrun"
        " ORDER BY day DESC LIMIT 1",
    ),
}
# In one statement, each by itself: null where there is no row yet.
ALL_NUMBERS = f"SELECT {', '.join(f'({query})' for _says, query in NUMBERS.values())}"


class Database:
    """A collector. Where PostgreSQL is away it says so, and nothing else."""

    def collect(self) -> Iterator[Metric]:
        try:
            families = list(ask())
        except (OperationalError, InterfaceError):
            families = []
        yield Gauge("petition_database_up", "Whether PostgreSQL has answered.", bool(families))
        yield from families


class Surroundings:
    """Another, for what is beside it."""

    def collect(self) -> Iterator[Metric]:
        yield Gauge("petition_redis_up", "Whether Redis has answered.", health.is_up(health.ask_redis))
        if (age := making.age_of_newest()) is not None:
            yield Gauge("petition_backup_age_seconds", "How old the newest backup is.", age.total_seconds())


def ask() -> Iterator[Metric]:
    with connection.cursor() as cursor:

        def rows(statement: str) -> list[tuple[Any, ...]]:
            cursor.execute(statement)
            return list(cursor.fetchall())

        yield family(
            "petition_signatures",
            "All signatures by state and by what moderation says; counted are those confirmed and clear.",
            ["campaign", "state", "moderation"],
            rows(SIGNATURES),
        )
        waiting = {"first": (0, 0, 0), "later": (0, 0, 0)} | {name: numbers for name, *numbers in rows(WAITING)}
        yield family(
            "petition_letters_waiting",
            "Letters that have not left; confirmations are first.",
            ["priority"],
            [(name, n) for name, (n, _due, _age) in waiting.items()],
        )
        yield family(
            "petition_letters_due_seconds",
            "How long the oldest letter has been due.",
            ["priority"],
            [(name, due) for name, (_n, due, _age) in waiting.items()],
        )
        yield family(
            "petition_letters_age_seconds",
            "How long ago the oldest of them was written: one that fails and is tried again is due later each time.",
            ["priority"],
            [(name, age) for name, (_n, _due, age) in waiting.items()],
        )
        yield family(
            "petition_letters_failed",
            "Letters of the last 24 hours that were given up, by the mail server's code or the kind of error.",
            ["kind"],
            rows(FAILED),
        )
        yield family("petition_exports", "Lists of signatures taken.", ["preset", "state"], rows(EXPORTS))
        [numbers] = rows(ALL_NUMBERS)
        for (name, (says, _query)), number in zip(NUMBERS.items(), numbers, strict=True):
            if number is not None:
                yield Gauge(name, says, float(number))


def family(name: str, says: str, labels: list[str], rows: Iterable[tuple[Any, ...]]) -> Metric:
    """Of rows that are the labels and a number."""
    made = Gauge(name, says, labels=labels)
    for *of, number in rows:
        made.add_metric([str(label) for label in of], float(number))
    return made
