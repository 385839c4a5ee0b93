"""Recounting: the sums that the site shows beside a count of the rows themselves, every night; and their repair.

No sum should ever differ: triggers keep them in the transactions that change a signature. A difference means that
somebody has worked around the triggers, or that we have a mistake, so it is an alarm and never mended by itself.
"""

import logging
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from time import monotonic

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import ngettext, override

from campaigns.models import Campaign
from signatures import alarms, locks
from signatures.models import Recount

logger = logging.getLogger(__name__)

AT = time(3)  # in the site's time zone, when few people sign

COUNTED = "SELECT campaign_id, {key} AS key, count(*) AS n FROM signatures_signature {where} GROUP BY 1, 2"
OF_COUNTED = "WHERE state = 'confirmed' AND moderation = 'clear'"
STATE = "concat_ws(' ', state, moderation, language)"


@dataclass(frozen=True, slots=True)
class Sum:
    """One of the sums that are kept: the table that it is folded into, with what is not folded yet, by what key."""

    table: str
    deltas: str
    key: str  # as SQL, in both tables and in that of signatures; '' where there is one number for a campaign
    where: str  # which signatures
    repair: str  # adds a difference to the table, at this hour where it has hours

    @property
    def compared(self) -> str:
        """One statement, hence one snapshot, in which what is folded meanwhile is there once."""
        return f"""
            WITH kept AS (
                SELECT campaign_id, key, sum(n) AS n FROM (
                    SELECT campaign_id, {self.key} AS key, n FROM {self.table}
                    UNION ALL SELECT campaign_id, {self.key}, n FROM {self.deltas}
                ) AS parts GROUP BY 1, 2
            ), found AS ({COUNTED.format(key=self.key, where=self.where)})
            SELECT campaign_id, key, coalesce(kept.n, 0)::bigint AS kept, coalesce(found.n, 0) AS found
            FROM kept FULL JOIN found USING (campaign_id, key)
            WHERE coalesce(kept.n, 0) <> coalesce(found.n, 0)
            ORDER BY campaign_id, key
        """


DELTAS = "signatures_countdelta"
HOUR = "date_trunc('hour', statement_timestamp(), 'UTC')"
# In the order of repair: triggers carry what is added to the history into its sums by hour and country.
SUMS = {
    "history": Sum(
        "signatures_tally",
        DELTAS,
        "country",
        OF_COUNTED,
        f"""INSERT INTO signatures_tally (campaign_id, country, hour, n)
        SELECT campaign_id, key, {HOUR}, found - kept FROM compared
        ON CONFLICT (campaign_id, country, hour) DO UPDATE SET n = signatures_tally.n + excluded.n""",
    ),
    "country": Sum(
        "signatures_countrytally",
        DELTAS,
        "country",
        OF_COUNTED,
        """INSERT INTO signatures_countrytally (campaign_id, country, n)
        SELECT campaign_id, key, found - kept FROM compared
        ON CONFLICT (campaign_id, country) DO UPDATE SET n = signatures_countrytally.n + excluded.n""",
    ),
    "hours": Sum(
        "signatures_hourtally",
        DELTAS,
        "''",
        OF_COUNTED,
        f"""INSERT INTO signatures_hourtally (campaign_id, hour, n)
        SELECT campaign_id, {HOUR}, found - kept FROM compared
        ON CONFLICT (campaign_id, hour) DO UPDATE SET n = signatures_hourtally.n + excluded.n""",
    ),
    "total": Sum(
        "signatures_total",
        DELTAS,
        "''",
        OF_COUNTED,
        """INSERT INTO signatures_total (campaign_id, n) SELECT campaign_id, found - kept FROM compared
        ON CONFLICT (campaign_id) DO UPDATE SET n = signatures_total.n + excluded.n""",
    ),
    "state": Sum(
        "signatures_statetally",
        "signatures_statedelta",
        STATE,
        "",
        """INSERT INTO signatures_statetally (campaign_id, state, moderation, language, n)
        SELECT campaign_id, split_part(key, ' ', 1), split_part(key, ' ', 2), split_part(key, ' ', 3), found - kept
        FROM compared
        ON CONFLICT (campaign_id, state, moderation, language)
        DO UPDATE SET n = signatures_statetally.n + excluded.n""",
    ),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A sum that is not what the rows say. It holds nobody: a country or a state, and two numbers."""

    of: str  # which of SUMS
    campaign: str  # its slug; empty where that is gone
    key: str
    kept: int
    found: int

    def __str__(self) -> str:
        return f"{self.campaign}, {' '.join([self.of, self.key]).strip()}: {self.kept:,} kept, {self.found:,} found"


def differences() -> list[Difference]:
    """Of all campaigns. Each sum is compared in a statement of its own, which reads all signatures once."""
    with connection.cursor() as cursor:
        slugs = dict(Campaign.objects.values_list("pk", "slug"))
        found = []
        for of, one in SUMS.items():
            cursor.execute(one.compared)
            found += [Difference(of, slugs.get(pk, ""), key, kept, n) for pk, key, kept, n in cursor.fetchall()]
    return found


def differences_of(row: Recount) -> list[Difference]:
    """The first ones."""
    return [Difference(**one) for one in row.differences]


def is_due(now: datetime) -> bool:
    """Whether nobody has recounted since the last three o'clock."""
    local = timezone.localtime(now)
    since = timezone.make_aware(datetime.combine(local.date(), AT))
    if local < since:
        since -= timedelta(days=1)
    return not Recount.objects.filter(at__gte=since).exists()


def run_if_due() -> Recount | None:
    """Once a night, whoever asks however often: where one worker recounts, the others have nothing to do."""
    if not is_due(timezone.now()):
        return None
    with transaction.atomic():
        if not locks.take(locks.Lock.RECOUNT) or not is_due(timezone.now()):
            return None
        row = run()
    if row.how_many:
        raise_alarm(row)
    return row


def run() -> Recount:
    """Recounts now, and writes down what was found."""
    begun = monotonic()
    found = differences()
    for one in found[: Recount.KEPT]:
        logger.error("The count is wrong: %s", one)
    return Recount.objects.create(
        seconds=round(monotonic() - begun, 1),
        how_many=len(found),
        differences=[asdict(one) for one in found[: Recount.KEPT]],
    )


def raise_alarm(row: Recount) -> None:
    with override(settings.LANGUAGE_CODE):
        text = ngettext(
            "Last night’s recount found %(n)d sum that is not what the signatures say. The record of recounts has"
            " the numbers; “manage.py recount --repair” puts it right.",
            "Last night’s recount found %(n)d sums that are not what the signatures say. The record of recounts has"
            " the numbers; “manage.py recount --repair” puts them right.",
            row.how_many,
        ) % {"n": row.how_many}
    alarms.raise_alarm("recount", text)


@transaction.atomic
def repair() -> int:
    """Adds to each sum what it lacks, while people go on signing; answers how many sums were wrong.

    What is added is the difference in one snapshot, so that what others commit meanwhile stays as it is. Folds wait,
    since they move numbers between the tables that are compared.
    """
    locks.wait_for(locks.Lock.FOLD)
    repaired = 0
    with connection.cursor() as cursor:
        for one in SUMS.values():
            cursor.execute(f"WITH compared AS ({one.compared}) {one.repair}")
            repaired += cursor.rowcount
    return repaired
