"""Stencils: letters whose words are rendered and put together once, and which differ in a few gaps.

Rendering three templates and building a message takes several times as long as sending it, and all confirmations in a
language say the same but for their links and their code. A stencil is made as any other message is, of words in which a
mark stands for each gap; what fills the marks are tokens and codes of ours, which neither HTML nor a mail has to quote.
"""

import re
import secrets
from collections.abc import Mapping
from email.utils import formatdate

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address

# Of this process, so that no words of a campaign hold one by chance or intent.
NONCE = secrets.token_hex(8)
MARK = re.compile(rf"{NONCE}([a-z_]+)-+{NONCE}")
# A mark is no shorter than what fills it: lines that are short enough for a mail with it are so without.
LONGEST = 128

# What means the same in an envelope and in a header as it stands there. Other addresses have to be quoted or encoded.
PLAIN_ADDRESS = re.compile(r"[\w+-]+(\.[\w+-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)


def gap(name: str) -> str:
    """What stands in the words of a stencil for what will be filled in under a name."""
    return f"{NONCE}{name:-<{LONGEST - 2 * len(NONCE)}}{NONCE}"


def filled(text: str, gaps: Mapping[str, str]) -> str:
    return MARK.sub(lambda mark: gaps[mark[1]], text)


class Gapped:
    """A text, cut at its gaps."""

    def __init__(self, text: str) -> None:
        self.pieces = MARK.split(text)  # words, name, words, name, … words

    def __len__(self) -> int:
        return len(self.pieces) // 2

    def fill(self, gaps: Mapping[str, str]) -> str:
        pieces = self.pieces.copy()
        pieces[1::2] = [gaps[name] for name in pieces[1::2]]
        return "".join(pieces)


class ReadyMessage(EmailMultiAlternatives):
    """A message like any other, for whichever backend sends it; for SMTP its bytes are there already."""

    def __init__(self, *, sender: str, content: bytes, **fields: object) -> None:
        super().__init__(**fields)  # type: ignore[arg-type]  # as they are named there
        self.sender = sender
        self.content = content


class Stencil:
    """`message` has no headers but those that all its letters share."""

    def __init__(self, message: EmailMultiAlternatives) -> None:
        self.message = message
        self.sender = sanitize_address(message.from_email, settings.DEFAULT_CHARSET)
        ((html, _type),) = message.alternatives
        self.body, self.html = Gapped(str(message.body)), Gapped(str(html))
        whole = message.message()
        del whole["Date"], whole["Message-ID"]  # Django's, of this moment
        self.whole = Gapped(whole.as_bytes(linesep="\r\n").decode())

    @property
    def is_whole(self) -> bool:
        """Whether no mark is broken, as they are where a line was too long for a mail and had to be cut."""
        return len(self.whole) == len(self.body) + len(self.html)

    def fill(self, gaps: Mapping[str, str], *, to: str, headers: Mapping[str, str]) -> ReadyMessage:
        """`to` is a PLAIN_ADDRESS, and each header one line of ASCII."""
        date = formatdate(localtime=settings.EMAIL_USE_LOCALTIME)
        own = {"To": to, "Date": date, **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        return ReadyMessage(
            sender=self.sender,
            content=(head + self.whole.fill(gaps)).encode(),
            subject=self.message.subject,
            body=self.body.fill(gaps),
            from_email=self.message.from_email,
            to=[to],
            headers={**self.message.extra_headers, **headers},
            alternatives=[(self.html.fill(gaps), "text/html")],
        )
