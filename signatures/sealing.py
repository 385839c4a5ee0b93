"""Sealed files (age, age-encryption.org/v1): this machine writes them, and only who holds the other half of the key,
which is not on it, can read them.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from pyrage import DecryptError, IdentityError, decrypt_file, encrypt_file
from pyrage.x25519 import Identity, Recipient

BEGINS = "AGE-SECRET-KEY-"  # the line of a secret key


class BadSeal(Exception):
    """No key fits, or the file has been changed or cut off. Its text says which."""


def identities_in(path: Path) -> list[Identity]:
    """The secret keys of a file as `age-keygen` writes it. Raises BadSeal where it holds none."""
    try:
        found = [Identity.from_str(line.strip()) for line in path.read_text().splitlines() if line.startswith(BEGINS)]
    except (IdentityError, UnicodeDecodeError) as error:
        raise BadSeal(f"{path} holds a key that cannot be read.") from error
    if not found:
        raise BadSeal(f"{path} holds no line that begins with {BEGINS}.")
    return found


def seal_file(source: Path, target: Path) -> None:
    """Writes `target` whole or not at all: it bears its name once it is on the disk."""
    part = target.with_name(f"{target.name}.part")
    encrypt_file(str(source), str(part), [Recipient.from_str(one) for one in settings.BACKUP_RECIPIENTS])
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)


def open_file(source: Path, target: Path, identities: Sequence[Identity]) -> None:
    """Raises BadSeal."""
    try:
        decrypt_file(str(source), str(target), identities)
    except DecryptError as error:
        raise BadSeal(f"{source} was not sealed for this key.") from error
    except OSError as error:
        raise BadSeal(f"{source} cannot be read to its end: it has been changed or cut off.") from error
