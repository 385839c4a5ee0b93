"""What workers do. A task begins nothing after ten seconds, may run twice, and may be lost: a sweep makes it up."""

import logging
from threading import Event, Thread
from time import monotonic

from celery import current_app, shared_task
from celery.signals import worker_process_init, worker_process_shutdown, worker_shutdown
from django.conf import settings
from django.core.cache import cache
from django.db import connections

from signatures import (
    clusters,
    held,
    letters,
    recounting,
    reminders,
    retention,
    retractions,
    services,
    tally,
)
from signatures.breaker import Breaker
from signatures.deliveries import working

NUDGE_EVERY = 1  # second, for the whole site
ASK_EVERY = 0.1  # seconds, for a process that was told that another has nudged
# A signer waits for this connection: it has less patience than a worker's.
QUICKLY = {"socket_connect_timeout": settings.REDIS_TIMEOUT, "socket_timeout": settings.REDIS_TIMEOUT, "max_retries": 0}
logger = logging.getLogger(__name__)
breaker = Breaker(logger, "No nudge for the outbox")

SECONDS = 10  # after which a task begins nothing more
SWEEP_EVERY = 10  # seconds
_quiet_until = 0.0  # before which this process does not ask whether it may nudge
_stopping = Event()
_sweeper: Thread | None = None


@shared_task
def send_letters() -> int:
    return letters.send_due()


@shared_task
def give_up_letters() -> int:
    return letters.give_up()


@shared_task
def write_reminders() -> int:
    return reminders.write_due()


@shared_task
def fold_counts() -> int:
    return tally.fold()


@shared_task
def keep_retention() -> int:
    services.bulk.forget_not_begun()
    retractions.forget()
    return retention.run()


@shared_task
def work_bulk_jobs() -> None:
    """Begins no batch after ten seconds; the next task goes on."""
    end = monotonic() + SECONDS
    while monotonic() < end and services.bulk.do_next_batch():
        pass


@shared_task
def work_deliveries() -> None:
    """Freezes what was made, and makes packs: one of a hundred thousand names takes a minute or two.

    It is the one task but `recount` that may take so long: a pack is of one moment, and in pieces it would be of many.
    """
    working.work()


@shared_task
def raise_alarms() -> bool:
    return held.raise_alarm()


@shared_task
def find_clusters() -> int:
    return clusters.find()


@shared_task
def write_out_retractions() -> int:
    return retractions.write_out()


@shared_task
def recount() -> None:
    """Once a night. It reads all signatures, and may so take longer than ten seconds where there are many millions."""
    recounting.run_if_due()


def nudge_letters() -> None:
    """Wakes a worker for the letter that was just committed, at most once a second for the whole site.

    The task starts a second later, so that it also finds the letters whose own nudge was held back. Signing does not
    depend on it: when Redis is away, the sweep finds the letter, and this process does not ask again for a while.
    """
    global _quiet_until
    if monotonic() >= _quiet_until:
        _quiet_until = monotonic() + (NUDGE_EVERY if breaker.ask(_nudge) else ASK_EVERY)


def _nudge() -> bool:
    """Whether it was this process's turn."""
    is_ours = cache.add("signatures.nudge", 1, timeout=NUDGE_EVERY)
    if is_ours:
        with current_app.connection_for_write(transport_options=QUICKLY) as broker:
            send_letters.apply_async(  # type: ignore[call-arg]  # celery-types does not know `connection`
                countdown=NUDGE_EVERY, expires=30, retry=False, connection=broker
            )
    return is_ours


@worker_process_init.connect
def start_sweeping(**_: object) -> None:
    """In each of a worker's processes, a thread that needs no Redis and no clock that is right (Celery beat does)."""
    global _sweeper
    _stopping.clear()
    _sweeper = Thread(target=sweep, name="sweep-letters", daemon=True)
    _sweeper.start()


@worker_process_shutdown.connect
@worker_shutdown.connect
def stop_sweeping(**_: object) -> None:
    """Waits for the letter in hand, or it would go out twice."""
    _stopping.set()
    if _sweeper is not None:
        _sweeper.join(timeout=settings.EMAIL_TIMEOUT)


def sweep() -> None:
    while not _stopping.wait(SWEEP_EVERY):
        try:
            while letters.send_due(seconds=1) and not _stopping.is_set():
                pass
        except Exception as error:
            logger.warning("No sweep of the outbox: %s", type(error).__name__)
        finally:
            connections.close_all()
