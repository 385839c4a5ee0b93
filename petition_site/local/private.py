"""Files and directories for one user's eyes, and locks on them."""

import fcntl
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from petition_site.local.processes import LaunchError


def private_directory(path: Path) -> Path:
    """Make `path` for our eyes only. One that is somebody else's is refused, and none is ever changed."""
    path.mkdir(mode=0o700, exist_ok=True)
    if (owner := path.stat().st_uid) != os.geteuid():
        raise LaunchError(f"{path} belongs to {_name(owner)}, and this runs as {_name(os.geteuid())}.")
    return path


def write_private(path: Path, text: str, owner: tuple[int, int] | None = None) -> None:
    """Write a file that only we can read (or `owner`), whole or not at all."""
    unfinished = path.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        if owner:
            os.fchown(descriptor, *owner)
    unfinished.rename(path)


def read_settings(path: Path) -> dict[str, str]:
    """The KEY=value lines of a file, of which there may be none."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def write_settings(path: Path, settings: Mapping[str, str]) -> None:
    write_private(path, "".join(f"{name}={value}\n" for name, value in settings.items()))


@contextmanager
def locked(path: Path, otherwise: str) -> Iterator[None]:
    """Hold `path` alone, or fail with `otherwise`. The kernel lets go of it when we die, however that happens."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LaunchError(otherwise) from error
        yield


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
