"""Google's reCAPTCHA: the checkbox of its version 2, or version 3, which gives a score.

By django-recaptcha's field and widgets. How Google is asked is ours: theirs waits ten seconds for each piece of an
answer, takes an answer that is none for an error of ours, and tells Google the visitor's address. Here all of it ends
within two seconds, and a Google that is away, slow or talks nonsense is as if there were no challenge.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPSConnection
from socket import SHUT_RDWR, socket
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.request import validate_host
from django_recaptcha.client import RecaptchaResponse
from django_recaptcha.fields import ReCaptchaField
from django_recaptcha.widgets import ReCaptchaBase, ReCaptchaV2Checkbox, ReCaptchaV3

from signatures.breaker import Breaker
from signatures.challenges.base import Verdict

SECONDS = 2  # from the question to the last byte of the answer
LONGEST_TOKEN = 10_000  # characters; Google's have some thousand
LONGEST_ANSWER = 16 * 1024  # bytes; Google's have some hundred
ACTION = "sign"  # what version 3 calls that which is protected
OUR_FAULT = {"missing-input-secret", "invalid-input-secret"}  # error codes

breaker = Breaker(logging.getLogger(__name__), "Signing goes on without Google's challenge")
# Whoever waits for Google waits in here, since nothing else can be left waiting: looking up its name has no end of its
# own. Threads begin with the first question.
waiting_room = ThreadPoolExecutor(max_workers=8, thread_name_prefix="recaptcha")


class Unusable(Exception):
    """Google has answered, but not with what it promises."""


class WrongKey(Exception):
    """Google does not know our RECAPTCHA_PRIVATE_KEY."""


class Recaptcha:
    template = "signatures/_challenge_recaptcha.html"

    @property
    def sources(self) -> Mapping[str, Sequence[str]]:
        """As Google's guide names them."""
        google = f"https://{settings.RECAPTCHA_DOMAIN}/recaptcha/"
        return {
            "connect-src": [google],
            "frame-src": [google, "https://recaptcha.google.com/recaptcha/"],
            "script-src": [google, "https://www.gstatic.com/recaptcha/"],
        }

    def ask(self, signature_id: int) -> dict[str, object]:
        return {"form": AnswerForm(), "domain": settings.RECAPTCHA_DOMAIN, "version": settings.RECAPTCHA_VERSION}

    def check(self, request: HttpRequest, signature_id: int) -> Verdict:
        form = AnswerForm(request.POST)
        if form.is_valid():
            return Verdict.SOLVED
        return Verdict.AWAY if form.has_error("answer", "away") else Verdict.FAILED


class AnswerField(ReCaptchaField):
    """Their field, asking as this room does."""

    def validate(self, value: str) -> None:
        forms.CharField.validate(self, value)
        if len(value) > LONGEST_TOKEN or not value.isascii():
            raise ValidationError("", code="captcha_invalid")
        answer = breaker.ask(partial(ask_google, value, self.private_key))
        # What was solved on another site says nothing about ours. Nor is it a failure of Google's, so that strangers
        # cannot bring about a pause.
        if answer is None or (answer.is_valid and not is_of_this_site(answer)):
            raise ValidationError("", code="away")
        if not answer.is_valid or not is_good_enough(answer):
            raise ValidationError("", code="captcha_invalid")


class AnswerForm(forms.Form):
    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["answer"] = AnswerField(widget=widget())


def widget() -> ReCaptchaBase:
    if settings.RECAPTCHA_VERSION == "3":
        return ReCaptchaV3(action=ACTION, required_score=settings.RECAPTCHA_SCORE)
    return ReCaptchaV2Checkbox()


def is_of_this_site(answer: RecaptchaResponse) -> bool:
    return validate_host(answer.extra_data["hostname"].lower(), settings.ALLOWED_HOSTS)


def is_good_enough(answer: RecaptchaResponse) -> bool:
    """Version 2 has one good answer. Version 3 says how good it is, and for what the token was made."""
    if settings.RECAPTCHA_VERSION != "3":
        return True
    return bool(answer.action == ACTION and answer.extra_data["score"] >= settings.RECAPTCHA_SCORE)


class Line(HTTPSConnection):
    """A connection to Google that another thread can end."""

    line: socket | None = None

    def connect(self) -> None:
        super().connect()
        self.line = self.sock  # which http.client forgets as soon as an answer has begun

    def hang_up(self) -> None:
        if self.line is not None:
            with suppress(OSError):
                self.line.shutdown(SHUT_RDWR)


def ask_google(token: str, private_key: str) -> RecaptchaResponse:
    """What Google says of a token. Raises whatever there may be, within SECONDS."""
    question = urlencode({"secret": private_key, "response": token})
    line = Line(settings.RECAPTCHA_VERIFIER, timeout=SECONDS)
    answer = waiting_room.submit(exchange, line, question, monotonic() + SECONDS)
    try:
        return read(answer.result(timeout=SECONDS))
    except TimeoutError:
        answer.cancel()
        line.hang_up()
        raise


def exchange(line: Line, question: str, until: float) -> bytes:
    """The bytes of the answer. Who asked waits no longer than `until`, and then hangs up."""
    with closing(line):
        line.connect()
        if monotonic() > until:
            raise TimeoutError
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", "/recaptcha/api/siteverify", question, headers)
        with line.getresponse() as response:
            content = response.read(LONGEST_ANSWER)
            if response.status != 200 or response.length:  # what is still to come of it
                raise Unusable
            return content


def read(content: bytes) -> RecaptchaResponse:
    """Raises ValueError or Unusable for what is no answer, WrongKey where it is about us."""
    data = json.loads(content)
    if not isinstance(data, dict) or not isinstance(data.get("success"), bool):
        raise Unusable
    is_valid, codes = data["success"], data.get("error-codes") or []
    if not isinstance(codes, list):
        raise Unusable
    if OUR_FAULT.intersection(map(str, codes)):
        raise WrongKey
    score = data.get("score")
    has_score = isinstance(score, (int, float)) and not isinstance(score, bool)
    if is_valid and not (isinstance(data.get("hostname"), str) and (has_score or settings.RECAPTCHA_VERSION != "3")):
        raise Unusable
    return RecaptchaResponse(is_valid, error_codes=codes, extra_data=data, action=data.get("action"))
