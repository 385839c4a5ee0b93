"""Errors to a Sentry, where SENTRY_DSN names one: what the log says of each, behind the same filters, and the frames of
its traceback. The SDK only carries them: none of its integrations is on, so it takes no request, no header, no cookie,
no address, no variable and no statement in the first place.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.types import Event, Hint

from petition_site import request_ids
from petition_site.logs import origin

# What the SDK may add or leave; all else that it knows of this machine stays here.
TAKEN = {"event_id", "timestamp", "platform", "sdk", "level", "logger", "message", "exception", "tags", "environment"}
ITSELF = ("sentry_sdk", "urllib3")
FLUSH_WITHIN = 2.0  # seconds, when the process ends


class Handler(logging.Handler):
    """One for each process. What is sent is sent by a thread, and is lost where Sentry does not take it."""

    def __init__(self, level: int | str = logging.ERROR) -> None:
        super().__init__(level)
        sentry_sdk.init(
            dsn=settings.SENTRY_DSN,
            environment="demonstration" if settings.DEMO else "production",
            release="",  # else it asks git
            default_integrations=False,
            auto_enabling_integrations=False,
            before_send=taken,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            propagate_traces=False,
        )

    def emit(self, record: logging.LogRecord) -> None:
        """The filters of this handler have rewritten the record."""
        if record.levelno < self.level or record.name.startswith(ITSELF):  # a filter may have made it a warning
            return
        event: Event = {
            "level": "fatal" if record.levelno >= logging.CRITICAL else "error",
            "logger": record.name,
            "message": record.getMessage(),
            "tags": {"request_id": request_ids.current() or "none"},
        }
        if record.exc_info and record.exc_info[1]:
            event["exception"] = {"values": list(told(record.exc_info[1]))[::-1]}
        sentry_sdk.capture_event(event)

    def flush(self) -> None:
        """By `logging`, when the process ends."""
        sentry_sdk.get_client().flush(timeout=FLUSH_WITHIN)


def taken(event: Event, hint: Hint) -> Event | None:
    kept: Any = {name: value for name, value in event.items() if name in TAKEN}
    return kept  # type: ignore[no-any-return]  # a part of what it was


def told(error: BaseException) -> Iterator[dict[str, Any]]:
    """An error and those that it came of, by their kinds and places: what they say can hold what somebody typed."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        yield {
            "type": type(one).__name__,
            "module": type(one).__module__,
            "value": "",
            "stacktrace": {"frames": list(frames(one))},
        }
        one = origin(one)


def frames(error: BaseException) -> Iterator[dict[str, Any]]:
    """The outermost first."""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        path = Path(code.co_filename)
        is_ours = path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts
        yield {
            "filename": str(path.relative_to(settings.BASE_DIR) if is_ours else Path(*path.parts[-3:])),
            "module": traceback.tb_frame.f_globals.get("__name__", ""),
            "function": code.co_name,
            "lineno": traceback.tb_lineno,
            "in_app": is_ours,
        }
        traceback = traceback.tb_next
