"""How fast letters leave: a pause for all workers when the mail server refuses us, and one rate for all of them.

Both are kept in the one row of `Outbox`, by the database's clock.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F
from django.db.models.functions import Greatest, Now

from signatures.models import Outbox

FIRST_PAUSE = 30.0  # seconds
LONGEST_PAUSE = 15 * 60.0

IS_PAUSED = Exists(Outbox.objects.filter(paused_until__gt=Now()))

# What several workers meet at the same moment is one refusal, not several: the first begins the pause.
PAUSE = """
INSERT INTO signatures_outbox (id, paused_until, refusals, taken, error)
VALUES (1, statement_timestamp() + make_interval(secs => %(first)s), 1, 0, %(error)s)
ON CONFLICT (id) DO UPDATE SET
    refusals = least(signatures_outbox.refusals + 1, 100),
    error = excluded.error,
    paused_until = statement_timestamp() + make_interval(
        secs => least(%(first)s * power(2, least(signatures_outbox.refusals, 10)), %(longest)s)
    )
WHERE signatures_outbox.paused_until IS NULL OR signatures_outbox.paused_until <= statement_timestamp()
"""


def pause(error: str) -> None:
    """No letter leaves for a while: half a minute, then doubling with each refusal in a row up to a quarter of an hour.

    `error` is for staff to read, and holds no address.
    """
    with connection.cursor() as cursor:
        cursor.execute(PAUSE, {"first": FIRST_PAUSE, "longest": LONGEST_PAUSE, "error": error[:100]})


def resume() -> None:
    """A letter went out: the next refusal will be the first one. It shortens no pause that another worker began."""
    Outbox.objects.filter(refusals__gt=0).exclude(paused_until__gt=Now()).update(
        refusals=0, paused_until=None, error=""
    )


def current_pause() -> Outbox | None:
    return Outbox.objects.filter(paused_until__gt=Now()).first()


def reserve(most: int) -> tuple[int, datetime | None]:
    """How many letters may be taken now, and from which minute's share; None where there is no rate.

    Call it in a transaction. Only where there is a rate do workers wait for each other, until that transaction ends.
    """
    rate = settings.LETTERS_PER_MINUTE
    if not rate:
        return most, None
    Outbox.objects.bulk_create([Outbox()], ignore_conflicts=True)
    row = Outbox.objects.select_for_update().get()
    # A statement of its own, so that the clock is read after the wait for the row.
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('minute', statement_timestamp())")
        (minute,) = cursor.fetchone()
    spent = row.taken if row.minute == minute else 0
    reserved = min(most, max(rate - spent, 0))
    Outbox.objects.update(minute=minute, taken=spent + reserved)
    return reserved, minute


def release(unused: int, minute: datetime | None) -> None:
    """Gives back what was reserved and not tried, for as long as its minute lasts."""
    if unused and minute is not None:
        Outbox.objects.filter(minute=minute).update(taken=Greatest(F("taken") - unused, 0))
