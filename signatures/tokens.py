"""Tokens and codes: what a link, a cookie or an address of ours carries, and how it is read again.

Each has a salt of its own, so that none can be used for another purpose. A link's token is made when its letter is
rendered, so that its age counts from the sending. What makes it useless afterwards is the state of the row, which the
reader of the token must ask.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from time import time

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare

from signatures import keys

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class BadToken(Exception):
    """No token of ours, or one that was changed on the way."""


class ExpiredToken(Exception):
    """A token of ours that is too old."""

    def __init__(self, signature_id: int) -> None:
        super().__init__()
        self.signature_id = signature_id


class Purpose:
    """Signs the id of a signature for one purpose; whoever has the token can read the id."""

    def __init__(self, salt: str, max_age: timedelta) -> None:
        self.signer = signing.TimestampSigner(salt=f"signatures.{salt}")
        self.max_age = max_age

    def make(self, signature_id: int) -> str:
        return self.signer.sign(str(signature_id))

    def read(self, token: str) -> int:
        """The signature's id. Raises BadToken or ExpiredToken."""
        try:
            return int(self.signer.unsign(token, max_age=self.max_age))
        except signing.SignatureExpired as error:
            raise ExpiredToken(int(self.signer.unsign(token))) from error
        except (signing.BadSignature, ValueError) as error:
            raise BadToken from error


CONFIRM = Purpose("confirm", timedelta(seconds=settings.CONFIRMATION_MAX_AGE))
NOT_ME = Purpose("not_me", timedelta(seconds=settings.CONFIRMATION_MAX_AGE))
# Cookies: that this browser has signed, and that its owner has just confirmed.
SIGNED_HERE = Purpose("signed_here", timedelta(hours=2))
CONFIRMED_HERE = Purpose("confirmed_here", timedelta(minutes=15))


# The code: six digits for whoever would rather type than follow a link


def code(signature_id: int) -> str:
    """The same in each letter of an attempt, so that one sent twice, or once more, says nothing else."""
    key = keys.derive("confirmation code", settings.SECRET_KEY)
    digest = hmac.digest(key, str(signature_id).encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def is_code(signature_id: int, typed: str) -> bool:
    return constant_time_compare(code(signature_id), typed)


# Sealed tokens: nobody but us can read them


def seal(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(keys.derive(f"sealed: {purpose}", settings.SECRET_KEY)))


def unseal(purpose: str, token: str, max_age: timedelta) -> bytes:
    """Raises BadToken. A token has one spelling: base64 passes over what is none of its characters, and we do not."""
    try:
        if base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)).decode() != token:
            raise BadToken
        box = seal(purpose)
        opened = box.decrypt(token)
        # By hand: Fernet would refuse those of the future too, which ours are once the clock was put back.
        if int(time()) - box.extract_timestamp(token) > max_age.total_seconds():
            raise BadToken
        return opened
    except (InvalidToken, ValueError) as error:
        raise BadToken from error


@dataclass(frozen=True, slots=True)
class Handle:
    """What the "check your email" page knows of the attempt it belongs to, and all that it knows."""

    signature_id: int
    address: str  # masked

    MASKED = 80  # bytes that any masked address fits into, so that every handle is as long as another

    def seal(self) -> str:
        address = self.address.encode()[: self.MASKED]
        return seal("handle").encrypt(self.signature_id.to_bytes(8, "big") + address.ljust(self.MASKED)).decode()

    @classmethod
    def read(cls, token: str) -> "Handle":
        """Raises BadToken."""
        data = unseal("handle", token, timedelta(seconds=settings.CONFIRMATION_MAX_AGE))
        return cls(int.from_bytes(data[:8], "big"), data[8:].decode(errors="ignore").rstrip())


@dataclass(frozen=True, slots=True)
class NewAddress:
    """A change of address that waits for the new mailbox; held nowhere but in the letter's link."""

    signature_id: int
    generation: int
    email: str

    MAX_AGE = 3 * DAY

    def seal(self) -> str:
        data = json.dumps([self.signature_id, self.generation, self.email])
        return seal("address").encrypt(data.encode()).decode()

    @classmethod
    def read(cls, token: str) -> "NewAddress":
        """Raises BadToken."""
        return cls(*json.loads(unseal("address", token, cls.MAX_AGE)))


# The signer's page


@dataclass(frozen=True, slots=True)
class PageKey:
    """What opens a signer's page. One that was asked for from the page's own form is fresh for an hour.

    Only a fresh one may make a name more visible, show all that is held, or begin a change of address: a receipt that
    was forwarded must not be enough to unmask anybody.
    """

    signature_id: int
    generation: int
    is_fresh: bool = False

    FRESH_FOR = HOUR

    def make(self) -> str:
        flag = "f" if self.is_fresh else "r"
        return PAGE.sign(f"{self.signature_id}.{self.generation}.{flag}")

    @classmethod
    def read(cls, token: str) -> "PageKey":
        """Raises BadToken. It has no age of its own: the row's generation ends it."""
        try:
            signature_id, generation, flag = PAGE.unsign(token).split(".")
        except (signing.BadSignature, ValueError) as error:
            raise BadToken from error
        return cls(int(signature_id), int(generation), flag == "f" and is_young(token))


PAGE = signing.TimestampSigner(salt="signatures.page")


def is_young(token: str) -> bool:
    try:
        PAGE.unsign(token, max_age=PageKey.FRESH_FOR)
    except signing.SignatureExpired:
        return False
    return True


# Unsubscribing, which must work however old the letter is (RFC 8058)

UNSUBSCRIBE = signing.Signer(salt="signatures.unsubscribe")


def make_unsubscribe(fingerprint: bytes) -> str:
    """For `addresses.suppression_fingerprint` of the letter's address."""
    return UNSUBSCRIBE.sign(fingerprint.hex())


def read_unsubscribe(token: str) -> bytes:
    """The fingerprint. Raises BadToken."""
    try:
        return bytes.fromhex(UNSUBSCRIBE.unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
