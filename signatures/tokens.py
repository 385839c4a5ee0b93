"""The token that a confirmation link carries: made when the letter is rendered, read when the link is opened.

It holds the signature's id under a signature of our own with the moment of making, so that its age counts from the
sending. What makes it useless afterwards is the state of the row, which the reader of the token must ask.
"""

from django.conf import settings
from django.core import signing


class BadToken(Exception):
    """No token of ours, or one that was changed on the way."""


class ExpiredToken(Exception):
    """A token of ours that is too old."""


CONFIRM = signing.TimestampSigner(salt="signatures.confirm")


def make_confirm(signature_id: int | None) -> str:
    return CONFIRM.sign(str(signature_id))


def read_confirm(token: str) -> int:
    """The signature's id. Raises BadToken or ExpiredToken."""
    try:
        return int(CONFIRM.unsign(token, max_age=settings.CONFIRMATION_MAX_AGE))
    except signing.SignatureExpired as error:
        raise ExpiredToken from error
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
