"""Alarms: a line in the log each time, and a letter to staff at most once a day for each kind of trouble.

A text says numbers and what to do; it holds nobody's name and no address.
"""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

logger = logging.getLogger(__name__)

# Of any number at once, one gets the day.
TAKE_DAY = """
INSERT INTO signatures_alarm (kind, day) VALUES (%s, %s)
ON CONFLICT (kind) DO UPDATE SET day = excluded.day WHERE signatures_alarm.day < excluded.day
"""
GIVE_BACK = "DELETE FROM signatures_alarm WHERE kind = %s AND day = %s"


def raise_alarm(kind: str, text: str) -> bool:
    """Logs an error and, where ALARMS_TO names somebody, writes to them; whether a letter went out.

    `kind` is a word of ours, of 30 characters at most. Call it outside a transaction: the day is taken before the
    letter goes, and given back where the mail server does not take it, so that the next alarm tries again.
    """
    logger.error("Alarm (%s): %s", kind, text)
    if not settings.ALARMS_TO:
        return False
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(TAKE_DAY, [kind, today])
        if not cursor.rowcount:
            return False
    try:
        send(text)
    except OSError as error:  # smtplib's exceptions are OSErrors; their words may hold an address
        logger.error("Alarm (%s) could not be sent: %s", kind, type(error).__name__)
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, [kind, today])
        return False
    return True


def send(text: str) -> None:
    with override(settings.LANGUAGE_CODE):
        subject = gettext("The petition needs you")
    EmailMessage(
        subject=subject,
        body=f"{text}\n\n{settings.SITE_URL}{reverse('admin:index')}\n",
        to=settings.ALARMS_TO,
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
