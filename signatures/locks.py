"""Advisory locks of PostgreSQL, held to the end of the transaction: the jobs of which only one may be under way."""

from enum import IntEnum, unique

from django.db import connection


@unique
class Lock(IntEnum):
    """Any numbers, the same in each process."""

    FOLD = 7_031_955
    FIND_CLUSTERS = 7_031_956
    PAUSE = 7_031_957
    RECOUNT = 7_031_958
    FREEZE = 7_031_959
    PACK = 7_031_960


def wait_for(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def take(number: int) -> bool:
    """False, at once, where somebody else holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
