"""What a refusal of the mail server means, or of a provider's interface: nothing from us, not this letter, or nobody at
this address.

Only numbers are kept of an answer: its words often repeat the address.
"""

import re
import smtplib
from dataclasses import dataclass
from enum import Enum, auto


class Meaning(Enum):
    NOT_US = auto()  # the server takes no letters from us at the moment, whoever they are for
    NOT_NOW = auto()  # this letter may go later
    NEVER = auto()  # this letter will never go
    NOBODY_THERE = auto()  # nor will any other to its address


@dataclass(frozen=True, slots=True)
class Refusal:
    meaning: Meaning
    error: str  # "SMTP 550 5.1.1"


class Refused(OSError):
    """A refusal that somebody has read already (interfaces.py)."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal


# The service closes the channel (RFC 5321, 4.2.2), or wants a login that we lack or that is not good (RFC 4954, 6),
# which servers may say at any step.
NOT_US = {421, 530, 534, 535, 538}

ENHANCED = re.compile(rb"(?<![\w.@-])([245])\.(\d{1,3})\.(\d{1,3})(?![\w@-]|\.\d)")

# Without an enhanced code: mailbox unavailable, user not local, mailbox name not allowed (RFC 5321, 4.2.3).
NOBODY_THERE = {550, 551, 553}
BASIC = re.compile(rb"(?<![\w.@-])([45]\d\d)(?=[ -])")


def read(error: Exception) -> Refusal | None:
    """None where it is no answer of the server: the connection was lost, or the letter could not be written."""
    answer: bytes | str
    if isinstance(error, Refused):
        return error.refusal
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = max(error.recipients.values())  # there is one
    elif isinstance(error, smtplib.SMTPResponseException):
        code, answer = error.smtp_code, error.smtp_error
    else:
        return None
    enhanced = ENHANCED.search(answer if isinstance(answer, bytes) else answer.encode())
    numbers = [str(code), *([enhanced[0].decode()] if enhanced else [])]
    return Refusal(meaning(error, code, enhanced), " ".join(["SMTP", *numbers]))


def meaning(error: Exception, code: int, enhanced: re.Match[bytes] | None) -> Meaning:
    is_at_recipient = isinstance(error, smtplib.SMTPRecipientsRefused)
    # At any other step but these two, nobody has been named yet.
    if code in NOT_US or not (is_at_recipient or isinstance(error, smtplib.SMTPDataError)):
        return Meaning.NOT_US
    if code < 500:
        return Meaning.NOT_NOW
    if is_at_recipient and (is_nobody(*enhanced.groups()) if enhanced else code in NOBODY_THERE):
        return Meaning.NOBODY_THERE
    return Meaning.NEVER


def read_passed_on(answer: str) -> Meaning | None:
    """What another server has answered, as somebody tells it: None where no number is in it."""
    said = answer.encode(errors="replace")
    enhanced, basic = ENHANCED.search(said), BASIC.search(said)
    if enhanced and enhanced[1] != b"2":
        kind, is_nobody_there = enhanced[1], is_nobody(*enhanced.groups())
    elif basic:
        kind, is_nobody_there = basic[1][:1], int(basic[1]) in NOBODY_THERE
    else:
        return None
    if kind == b"4":
        return Meaning.NOT_NOW
    return Meaning.NOBODY_THERE if is_nobody_there else Meaning.NEVER


def is_nobody(kind: bytes, subject: bytes, detail: bytes) -> bool:
    """Whether an enhanced status code (RFC 3463) says that an address does not exist.

    5.1.x is about addresses (but 5.1.7 and 5.1.8 about the sender's), 5.2.1 a mailbox that is disabled. A full
    mailbox (5.2.2), a server's or a network's trouble (5.3.x, 5.4.x) and policy (5.7.x) say nothing of the kind.
    """
    number = (int(kind), int(subject), int(detail))
    return number == (5, 2, 1) or (number[:2] == (5, 1) and number[2] not in (7, 8))
