"""Reading what may be some seconds old from PostgreSQL's replica, where there is one: DATABASE_REPLICA_URL.

Nothing hangs on it. While it is away, frozen or too far behind, each process passes it over for some seconds and asks
the primary. Whoever changes something, moderates or exports always reads the primary.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from signatures.breaker import Breaker

Answer = TypeVar("Answer")

REPLICA = "replica"
MOST_BEHIND = 30  # seconds

# On a primary at rest nothing is replayed for hours, and nothing is missed: a replica is behind by what it has received
# and not replayed, or where it receives nothing at all.
BEHIND = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 'Infinity'
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
    ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 'Infinity')
END
"""

breaker = Breaker(logging.getLogger(__name__), "The primary is read in the replica's place")


class Behind(Exception):
    """The replica has not heard from the primary for too long."""


class Here(threading.local):
    """What this thread reads from."""

    alias = DEFAULT_DB_ALIAS


here = Here()


class Router:
    """Sends reads where the thread reads, and everything else to the primary."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return here.alias

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def connection() -> BaseDatabaseWrapper:
    """For statements that are written by hand."""
    return connections[here.alias]


def a_little_old(question: Callable[[], Answer]) -> Answer:
    """What `question` answers, which is not None, by the replica where that is at hand. It may be asked twice."""
    if REPLICA in settings.DATABASES and (answer := breaker.ask(partial(of_replica, question))) is not None:
        return answer
    return question()


def of_replica(question: Callable[[], Answer]) -> Answer:
    """Raises Behind, or whatever comes of asking a server that is away."""
    here.alias = REPLICA
    try:
        with connection().cursor() as cursor:
            cursor.execute(BEHIND)
            if cursor.fetchone()[0] > MOST_BEHIND:
                raise Behind
        return question()
    finally:
        here.alias = DEFAULT_DB_ALIAS
