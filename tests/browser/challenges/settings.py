"""Production's settings, but that this machine is asked what an answer is worth: no environment may say so."""

import os

from petition_site.settings import *  # noqa: F403  (a settings file is read whole)

RECAPTCHA_VERIFIER = os.environ["VERIFIER"]
