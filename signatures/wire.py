"""The connection to the mail server, which outlives the letters that are refused over it."""

from contextlib import suppress

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from signatures import refusals
from signatures.refusals import Meaning, Refusal
from signatures.stencils import ReadyMessage


class ServerRefuses(Exception):
    """The mail server takes no letters from us at the moment, whoever they are for."""


class ConnectionLost(Exception):
    """Nobody knows what became of the letter, and the connection is of no use to the next one."""


def connect(smtp: BaseEmailBackend) -> None:
    """Raises ServerRefuses where the server cannot be reached, or does not let us in."""
    try:
        smtp.open()
        if isinstance(smtp, EmailBackend) and smtp.connection:
            smtp.connection.ehlo_or_helo_if_needed()  # now, or what is wrong with us would be blamed on a letter
    except (OSError, ValueError) as error:  # ValueError: a login that cannot be written in ASCII
        refusal = refusals.read(error)
        raise ServerRefuses(refusal.error if refusal else type(error).__name__) from error


def close(smtp: BaseEmailBackend) -> None:
    with suppress(OSError):
        smtp.close()


def reconnect(smtp: BaseEmailBackend) -> None:
    close(smtp)
    connect(smtp)


def deliver(smtp: BaseEmailBackend, message: EmailMessage) -> Refusal | None:
    """Hands a message over; answers why the server would not have it. Raises ServerRefuses or ConnectionLost."""
    try:
        hand_over(smtp, message)
    except Exception as error:
        refusal = refusals.read(error)
        if refusal is None:  # hung up in the middle, or a message that cannot be put on the wire
            raise ConnectionLost(type(error).__name__) from error
        if refusal.meaning == Meaning.NOT_US:
            raise ServerRefuses(refusal.error) from error
        return refusal
    return None


def hand_over(smtp: BaseEmailBackend, message: EmailMessage) -> None:
    """What is ready goes to smtplib as it is: Django would put it together, and read its addresses, once more."""
    if isinstance(message, ReadyMessage) and type(smtp) is EmailBackend and smtp.connection:
        smtp.connection.sendmail(message.sender, message.to, message.content)
    else:
        message.connection = smtp
        message.send()


def make_ready(smtp: BaseEmailBackend) -> None:
    """Sees to it, after a letter was refused, that the next one can go. Raises ServerRefuses.

    smtplib leaves a letter begun where the DATA command itself was refused, and overlooks that a server hung up.
    """
    with suppress(OSError):
        if isinstance(smtp, EmailBackend) and smtp.connection and smtp.connection.rset()[0] == 250:
            return
    reconnect(smtp)
