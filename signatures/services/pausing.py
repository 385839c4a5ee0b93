"""Pausing exports and public names for the whole site, and ending that, with an account of both."""

from django.db import transaction

from signatures import locks, pausing
from signatures.models import PauseAct, Staff


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
    locks.wait_for(locks.Lock.PAUSE)  # two presses are one act
    if pausing.is_on() == (action == PauseAct.Action.PAUSE):
        return False
    PauseAct.objects.create(action=action, reason=reason, staff=staff)
    return True
