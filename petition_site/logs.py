"""Keeping people and tokens out of the logs: what lets the reader of an address act is replaced before a line is
written, and so are email addresses; of an error its kind and place are told, and not what it says."""

import json
import logging
import re
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from petition_site import request_ids

logger = logging.getLogger(__name__)

# How gunicorn names the sender of a malformed request, and quotes what it could not read: a line of the form, where its
# length was given wrongly.
MALFORMED = re.compile(r"(Invalid request) from ip=\S+ ([\w ]*).*", re.DOTALL)
# The pages whose address carries a token or a handle (signatures/urls.py).
PAGE = re.compile(r"(/(?:confirm|signature|not-me|unsubscribe|address|check-email)/+)[^/\s\"']+", re.IGNORECASE)
# A token of ours wherever else it stands, by its shape (signatures/tokens.py): it ends in a signature, or is sealed.
# Each pattern begins where a run of its characters does, and nowhere within: whoever writes the longest line that a
# server takes must not keep it busy.
SIGNED = re.compile(r"(?<![\w.])[\w.]+(?::|%3A)(?:\w{6}(?::|%3A))?[\w-]{43}(?![\w-])", re.IGNORECASE)
SEALED = re.compile(r"gAAAA[\w=%-]{60,}", re.IGNORECASE)
ADDRESS = re.compile(r"(?<![^\s@<>()\"'`,;:=|])[^\s@<>()\"'`,;:=|]+@[\w-]+(?:\.[\w-]+)+")

# What says what to do before anybody is served, in words of our own or of Python's imports.
TOLD = (ImproperlyConfigured, CommandError, ImportError)


def without_tokens(text: str) -> str:
    text = MALFORMED.sub(r"\1: \2…", PAGE.sub(r"\1…", text))
    for pattern in (SIGNED, SEALED, ADDRESS):
        text = pattern.sub("…", text)
    return text


def places(error: BaseException) -> str:
    """A traceback of an error and of those that it came of, without their words: these can hold what somebody typed."""
    chain = [error]
    while (before := origin(chain[-1])) is not None and before not in chain:
        chain.append(before)
    return "\n\nand because of it:\n\n".join(place(one) for one in reversed(chain))


def origin(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def place(error: BaseException) -> str:
    said = f": {error}" if isinstance(error, TOLD) else ""
    stack = "".join(traceback.format_tb(error.__traceback__))
    return without_tokens(
        f"Traceback (most recent call last):\n{stack}{type(error).__module__}.{type(error).__name__}{said}"
    )


class WithoutTokens(logging.Filter):
    """Rewrites a record so that neither its message nor its traceback holds a token, an address or what was typed."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, Mapping) and "exc" in record.args:  # how Celery tells of a task that failed
            record.args = {**record.args, "exc": type(record.exc_info[1]).__name__ if record.exc_info else "…"}
        record.msg, record.args = without_tokens(record.getMessage()), None
        if record.exc_info and record.exc_info[1]:
            record.exc_text = places(record.exc_info[1])
        elif record.exc_text:
            record.exc_text = without_tokens(record.exc_text)
        return True


class OneLineForRefusals(logging.Filter):
    """What only its sender did wrong, and was told so, is a warning: neither an error nor worth a traceback.

    Django writes both for a host or a form that it does not take, as often as somebody sends one.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True


class AsJson(logging.Formatter):
    """One line of JSON for each event, of what the filters above have left of it."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if request_id := request_ids.current():
            said["request_id"] = request_id
        if record.exc_text:
            said["traceback"] = record.exc_text
        return json.dumps(said, ensure_ascii=False)


def take_what_is_written_past_them() -> None:
    """Warnings, and what ends a thread: Python writes both to standard error by itself, with whatever they say."""
    logging.captureWarnings(True)
    threading.excepthook = tell_of_thread


def tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        logger.error("A thread ended", exc_info=ended.exc_value)
