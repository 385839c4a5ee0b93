"""The outbox: letters are claimed under a lease, sent over one connection, and marked one by one.

Any number of workers may do this at once. A worker that dies loses nothing: its lease runs out and another takes
over; only the letter that was on the wire at that moment may go out twice, under the same Message-ID.
All times are the database's, so that no worker's clock matters.
"""

import logging
import smtplib
import uuid
from contextlib import suppress
from datetime import timedelta
from time import monotonic

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from signatures import emails
from signatures.models import Letter, LetterQuerySet

logger = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=3)  # longer than the slowest letter: four answers of EMAIL_TIMEOUT each
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
SERVICE_NOT_AVAILABLE = 421  # RFC 5321, 4.2.2: the server closes the channel


def send_due(seconds: float = 10) -> int:
    """Sends what is due for about so long; answers how many letters went out."""
    until = monotonic() + seconds
    sent = 0
    while monotonic() < until:
        lease = uuid.uuid4()
        batch = claim(lease)
        if not batch:
            break
        sent_now, is_reachable = send_batch(batch, lease, until)
        sent += sent_now
        if not is_reachable:
            break
    return sent


def claim(lease: uuid.UUID) -> list[Letter]:
    """Takes the next letters that nobody holds, and commits that before anything is sent."""
    with transaction.atomic():
        due = (
            Letter.objects.waiting()
            .filter(due_at__lte=Now())
            .order_by("priority", "due_at")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:BATCH]
        )
        ids = list(due)
        Letter.objects.filter(pk__in=ids).update(lease=lease, due_at=Now() + LEASE, attempts=F("attempts") + 1)
    return list(Letter.objects.filter(pk__in=ids).select_related("signature__consent", "campaign").order_by("pk"))


class ServerRefuses(OSError):
    """The mail server takes no letters from us at the moment, whoever they are for."""


def send_batch(batch: list[Letter], lease: uuid.UUID, until: float) -> tuple[int, bool]:
    """Sends a claimed batch; answers how many went out and whether the mail server takes letters."""
    sent = 0
    smtp = get_connection()
    try:
        smtp.open()
        for letter in batch:
            if monotonic() > until:
                break
            if not renew(letter, lease):
                continue
            try:
                sent += send(smtp, letter, lease)
            except ServerRefuses:
                raise
            except OSError as error:
                # Hung up in the middle. It may be this letter's fault: the others go over a new connection.
                failed(letter, lease, type(error).__name__, is_permanent=False)
                close(smtp)
                smtp.open()
    except OSError as error:
        logger.warning("The mail server takes no letters: %s", type(error).__name__)
        give_back(batch, lease, after=FIRST_PAUSE)
        return sent, False
    finally:
        close(smtp)
    give_back(batch, lease)
    return sent, True


def send(smtp: BaseEmailBackend, letter: Letter, lease: uuid.UUID) -> bool:
    """Sends one letter and marks what became of it. Raises ServerRefuses, or OSError when the connection is lost."""
    try:
        message = emails.write(letter)
        message.connection = smtp
        message.send()
    except smtplib.SMTPSenderRefused as error:
        raise ServerRefuses from error
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
    except OSError:
        raise
    except Exception as error:
        # One letter that cannot be written must not keep the others back. What went wrong may hold an address.
        logger.error("Letter %s cannot be written: %s", letter.pk, type(error).__name__)
        failed(letter, lease, type(error).__name__, is_permanent=False)
        return False
    else:
        mine(letter, lease).update(state=Letter.State.SENT, sent_at=Now(), to="", details={}, lease=None, error="")
        return True
    if code == SERVICE_NOT_AVAILABLE:
        raise ServerRefuses
    failed(letter, lease, f"SMTP {code}", is_permanent=code >= 500)
    return False


def close(smtp: BaseEmailBackend) -> None:
    with suppress(OSError):
        smtp.close()


def mine(letter: Letter, lease: uuid.UUID) -> LetterQuerySet:
    return Letter.objects.waiting().filter(pk=letter.pk, lease=lease)


def renew(letter: Letter, lease: uuid.UUID) -> bool:
    """Whether the letter is still this worker's to send; if so, for a whole lease from now."""
    return bool(mine(letter, lease).update(due_at=Now() + LEASE))


def give_back(batch: list[Letter], lease: uuid.UUID, after: timedelta = timedelta(0)) -> None:
    """Those of a batch that are still under our lease were not tried: they are due again, at once or after a pause."""
    Letter.objects.waiting().filter(pk__in=[letter.pk for letter in batch], lease=lease).update(
        lease=None, due_at=Now() + after, attempts=F("attempts") - 1
    )


def failed(letter: Letter, lease: uuid.UUID, error: str, *, is_permanent: bool) -> None:
    """A permanent failure ends the letter and forgets the address; a temporary one waits its pause."""
    if is_permanent:
        mine(letter, lease).update(state=Letter.State.FAILED, error=error, to="", details={}, lease=None)
    else:
        mine(letter, lease).update(lease=None, due_at=Now() + pause(letter.attempts), error=error)


def pause(attempts: int) -> timedelta:
    """Half a minute, then doubling up to an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
