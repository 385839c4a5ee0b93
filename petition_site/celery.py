"""The Celery application; `celery -A petition_site worker` finds it here."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.core.management.base import SystemCheckError

from petition_site import starting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")

app = Celery("petition_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def check(**kwargs: Any) -> None:
    """Celery runs the checks itself, but looks at no result, and goes on after any Exception in here."""
    try:
        starting.check()
    except SystemCheckError as error:
        raise SystemExit(str(error)) from error
