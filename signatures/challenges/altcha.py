"""ALTCHA's proof of work: the browser computes for a second or two; ten thousand of it are more than an hour of a core.

Its protocol and its library, without its widget: that brings 120 kB, puts a style into the page and makes its workers
out of blobs. `static/challenge.js` does the same in a few lines, with the browser's own cryptography.
"""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from time import time

from altcha import create_challenge, verify_solution
from django.conf import settings
from django.http import HttpRequest

from signatures import keys
from signatures.challenges.base import Verdict

ALGORITHM = "PBKDF2/SHA-256"  # in every browser of 2020, and by each in compiled code
COST = 2_000  # rounds for one try, which is what asking and checking cost us: about a millisecond each
# As many tries before the right one. Chromium took 0.25 to 0.5 s for them, 1 to 2 with its page slowed down sixfold.
TRIES = range(300, 600)
MAX_AGE = 20 * 60  # seconds; the browser begins as soon as it has the page
LONGEST = 4_000  # characters of an answer; ours have about 600


class Altcha:
    template = "signatures/_challenge_altcha.html"
    sources: Mapping[str, Sequence[str]] = {}

    def ask(self, signature_id: int) -> dict[str, object]:
        task = create_challenge(
            ALGORITHM,
            COST,
            counter=secrets.choice(TRIES),
            expires_at=int(time()) + MAX_AGE,
            hmac_secret=key_for(signature_id),
        )
        return {"task": json.dumps(task.to_dict())}

    def check(self, request: HttpRequest, signature_id: int) -> Verdict:
        answer = request.POST.get("answer", "")
        if len(answer) > LONGEST:
            return Verdict.FAILED
        try:
            is_solved = verify_solution(answer, key_for(signature_id)).verified
        except Exception:  # it reads what strangers send, and does not say what it may raise
            return Verdict.FAILED
        return Verdict.SOLVED if is_solved else Verdict.FAILED


def key_for(signature_id: int) -> bytes:
    """Each attempt has a key of its own, so that a solution for one is worth nothing for another."""
    return hmac.digest(keys.derive("challenge", settings.SECRET_KEY), str(signature_id).encode(), "sha256")
