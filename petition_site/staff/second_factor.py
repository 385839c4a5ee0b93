"""The second factor of staff: codes of an authenticator app (RFC 6238), and ten recovery codes for when it is lost.

The app's secret lies in the database as django-otp keeps it; of a recovery code there is a keyed hash only. Sessions
name the device that let them in: when it is replaced or reset, none that it has opened reaches the admin any more.
"""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_noop
from django_otp import user_has_device
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from signatures.keys import keyed_hash

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is easily taken for another
DIGITS = 6
NAME = gettext_noop("second factor")  # in the log of what was changed in an account


class AlreadySetUp(Exception):
    """The account has a second factor, and whoever asks has not shown it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The device that let somebody in; else, after wrong codes, until when none is looked at."""

    device: Device | None = None
    locked_until: datetime | None = None


def is_set_up(user: User) -> bool:
    return bool(user_has_device(user))


def verify(user: User, typed: str) -> Answer:
    """Whether this is the app's code of the moment, or a recovery code; each counts once.

    A wrong one makes the next wait for a second, then two, then four and so on.
    """
    code = "".join(typed.split()).replace("-", "").lower()
    is_of_app = len(code) == DIGITS and code.isdecimal()
    model = TOTPDevice if is_of_app else StaticDevice
    with transaction.atomic():
        device = model.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is None:
            return Answer()
        is_allowed, why = device.verify_is_allowed()
        if not is_allowed:
            return Answer(locked_until=why["locked_until"])
        is_right = device.verify_token(code if is_of_app else kept(user, code))
        return Answer(device=device) if is_right else Answer()


def app_for(user: User, key: str) -> TOTPDevice:
    """An unsaved device with a secret that is offered to the user."""
    return TOTPDevice(user=user, key=key, name="app", confirmed=False)


def set_up(*, user: User, key: str, code: str, shown: Device | None) -> tuple[Device, list[str]] | None:
    """The device made of the secret in `key`, and its recovery codes; None where `code` is not the app's.

    It takes the place of what the account had before, for which that must have been `shown`: else raises AlreadySetUp.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # one at a time
        if is_set_up(user) and not (shown and type(shown).objects.filter(pk=shown.pk).exists()):
            raise AlreadySetUp
        device = app_for(user, key)
        device.save()
        if not device.verify_token("".join(code.split())):
            transaction.set_rollback(True)
            return None
        reset(user, but=device)
        device.confirmed = True
        device.save()
        codes = [new_code() for _ in range(RECOVERY_CODES)]
        recovery = StaticDevice.objects.create(user=user, name="recovery codes")
        StaticToken.objects.bulk_create([StaticToken(device=recovery, token=kept(user, code)) for code in codes])
    return device, [f"{code[:5]}-{code[5:]}" for code in codes]


def reset(user: User, *, but: TOTPDevice | None = None) -> None:
    """The next login with the password sets up a new one."""
    TOTPDevice.objects.filter(user=user).exclude(pk=but and but.pk).delete()
    StaticDevice.objects.filter(user=user).delete()


def codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def new_code() -> str:
    """Ten characters, 49 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10))


def kept(user: User, code: str) -> str:
    """What stands for a recovery code in the database: 80 bits of a keyed hash, in the sixteen characters there are."""
    return b32encode(keyed_hash("recovery codes", f"{user.pk} {code}".encode())[:10]).decode().lower()
