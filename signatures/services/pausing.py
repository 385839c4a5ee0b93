"""Pausing exports and public names for the whole site, and ending that, with an account of both."""

from django.db import connection, transaction

from signatures import pausing
from signatures.models import PauseAct, Staff

LOCK = 7_031_956  # any number, the same in each process


@transaction.atomic
def pause_site(*, reason: str, staff: Staff) -> bool:
    """From its commit on no export begins, one that is under way breaks off, and pages are made without names.

    False where the site is paused already.
    """
    return act(PauseAct.Action.PAUSE, reason, staff)


@transaction.atomic
def resume_site(*, reason: str, staff: Staff) -> bool:
    """Names come back as each signer has chosen. What was broken off is not taken up again. False where there is no
    pause."""
    return act(PauseAct.Action.RESUME, reason, staff)


def act(action: PauseAct.Action, reason: str, staff: Staff) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])  # two presses are one act
    if pausing.is_on() == (action == PauseAct.Action.PAUSE):
        return False
    PauseAct.objects.create(action=action, reason=reason, staff=staff)
    return True
