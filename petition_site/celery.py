"""The Celery application; `celery -A petition_site worker` finds it here."""

import logging
import os
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from celery.utils.log import get_multiprocessing_logger
from django.core.management.base import SystemCheckError
from kombu.transport.redis import Channel

from petition_site import starting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")

GIVES_WAY = 5  # of nice(2): a third of the processor where web processes want all of it

# A worker whose Redis goes away would give back what it has in hand to a connection that is gone, and end of it (kombu
# 5.7: of twelve, four did). Nothing needs to come back at once: PostgreSQL holds what is to be done, beat asks again,
# and what stays unacknowledged in Redis is given to another after an hour.
Channel.do_restore = False

app = Celery("petition_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_the_site_does(loglevel: int, **kwargs: Any) -> None:
    """By the handler of our settings: Celery would add some of its own, which pass no filter."""
    logging.getLogger().setLevel(loglevel)
    if of_processes := get_multiprocessing_logger():
        of_processes.propagate = True
        of_processes.setLevel(logging.ERROR)


@worker_init.connect
def check(**kwargs: Any) -> None:
    """Celery runs the checks itself, but looks at no result, and goes on after any Exception in here."""
    try:
        starting.check()
    except SystemCheckError as error:
        raise SystemExit(str(error)) from error


@worker_init.connect
def give_way(**kwargs: Any) -> None:
    """Who signs waits for the answer; whom a letter reaches a second later does not notice.

    Where a service may not say so itself, systemd says it for it (Nice=).
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, GIVES_WAY)
