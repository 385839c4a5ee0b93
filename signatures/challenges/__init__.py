"""Challenges: what whoever is doubted can do at once to be doubted no longer. Refuses nobody: without one, staff look.

Google's where its keys are set, else one that asks nobody else.
"""

from django.conf import settings

from signatures.challenges.altcha import Altcha
from signatures.challenges.base import Challenge, Verdict
from signatures.challenges.recaptcha import Recaptcha

__all__ = ["Challenge", "Verdict", "current"]


def current() -> Challenge:
    return Recaptcha() if settings.RECAPTCHA_PRIVATE_KEY else Altcha()
