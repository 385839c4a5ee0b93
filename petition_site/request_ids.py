"""A name for each request, by which the logs hold together what came of it: its own lines and those of a task that it
has nudged. It says nothing of who has sent the request.
"""

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# As proxies make them: 32 digits, a UUID, a traceparent. No name, address or token is written so.
WELL_FORMED = re.compile(r"[0-9A-Fa-f-]{16,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Empty where nothing is under way that has one."""
    return _current.get()


def named(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware before all others. The name stays until the thread's next request: an answer that is streamed
    is made after this has returned."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = name_of(request)
        _current.set(name)
        response = get_response(request)
        response[HEADER] = name
        return response

    return middleware


def name_of(request: HttpRequest) -> str:
    """The proxy's, where there is one that we trust; else visitors could give theirs any, and two the same."""
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXY_COUNT else ""
    return given if WELL_FORMED.fullmatch(given) else made()


def made() -> str:
    return secrets.token_hex(16)


@before_task_publish.connect
def hand_on(headers: dict[str, Any], **_: object) -> None:
    if name := current():
        headers["request_id"] = name


@task_prerun.connect
def take_up(task_id: str, task: Task, **_: object) -> None:
    """A task that nobody's request has caused goes by its own name."""
    _current.set(getattr(task.request, "request_id", None) or task_id)


@task_postrun.connect
def let_go(**_: object) -> None:
    _current.set("")
