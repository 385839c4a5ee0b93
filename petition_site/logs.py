"""Keeping tokens out of the logs: what lets the reader of an address act is replaced before a line is written."""

import logging
import re

# How gunicorn names the sender of a malformed request.
SENDER = re.compile(r"(ip=)\S+")
# The pages whose address carries a token or a handle (signatures/urls.py).
TOKEN = re.compile(r"(/(?:confirm|signature|not-me|unsubscribe|address|check-email)/)[^/\s\"']+")


def without_tokens(text: str) -> str:
    return SENDER.sub(r"\1…", TOKEN.sub(r"\1…", text))


class WithoutTokens(logging.Filter):
    """Rewrites a record so that neither its message nor its traceback holds a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_tokens(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_tokens(record.exc_text)
        return True
