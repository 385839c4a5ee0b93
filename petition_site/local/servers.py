"""A server of one clone: where its data lies, and how it is started, found again and got rid of."""

import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from petition_site.local.processes import Account, Child, Children, until
from petition_site.local.programs import Kind, Program

# Nothing of ours: no PG*, which PostgreSQL would obey, no LD_*, no keys.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class Place:
    """The directory of the servers' data, which belongs to the user they run as."""

    path: Path
    account: Account | None  # None: they run as we do
    descriptor: int  # of the open directory

    @property
    def as_the_servers_see_it(self) -> Path:
        """A path that `account` can follow, although the directories above may be closed to it.

        A clone in root's own home lies behind a door that only root can pass. We hold the directory open and hand the
        open descriptor on, so the servers enter by it, and no permission of anybody's directory has to change.
        """
        return Path(f"/proc/self/fd/{self.descriptor}") if self.pass_fds else self.path

    @property
    def pass_fds(self) -> tuple[int, ...]:
        return (self.descriptor,) if self.account and sys.platform == "linux" else ()

    def give(self, path: Path) -> None:
        """Make over to the servers' user what we have put here for it."""
        if self.account:
            os.chown(path, *self.account, follow_symlinks=False)


class Server(ABC):
    """One server, from one program, on one data directory."""

    kind: Kind
    stop_by: signal.Signals
    patience: float = 10  # seconds

    def __init__(self, program: Program, place: Place, password: str, *, durable: bool) -> None:
        self.program, self.place, self.password, self.durable = program, place, password, durable

    @property
    @abstractmethod
    def directory(self) -> Path: ...

    @property
    def started_in(self) -> Path:
        return self.directory

    @property
    @abstractmethod
    def pid_file(self) -> Path: ...

    @abstractmethod
    def make_directory(self, children: Children, log: Path) -> None: ...

    @abstractmethod
    def command(self, port: int) -> list[str | Path]: ...

    def stdin(self, port: int) -> bytes:
        return b""

    @abstractmethod
    def is_ready(self, child: Child, port: int) -> bool: ...

    @abstractmethod
    def url(self, port: int) -> str: ...

    def start(self, children: Children, log: Path, port: int | None = None) -> str:
        """Start it, on a free port or on that which it had, and return its address.

        It tries for five seconds: after a `kill -9` of the last launcher its server may still be closing its files,
        and a port that was free may be taken when the server asks for it.
        """
        log.unlink(missing_ok=True)
        if not self.directory.exists():
            self.make_directory(children, log)
        deadline = time.monotonic() + 5
        while True:
            self._stop_orphan()
            on = port or free_port()
            child = children.start(
                self.kind.name,
                self.command(on),
                stdin=self.stdin(on),
                log=log,
                cwd=self.started_in,
                env=ENVIRONMENT,
                account=self.place.account,
                pass_fds=self.place.pass_fds,
                stop_by=self.stop_by,
                orphaned_by=self.stop_by,
                patience=self.patience,
            )
            # A minute, because after a crash there may be much to replay.
            until(lambda: child.process.poll() is not None or self.is_ready(child, on), 60)  # noqa: B023
            if child.process.poll() is None and self.is_ready(child, on):
                return self.url(on)
            children.stop(child)
            if time.monotonic() > deadline:
                raise child.how_it_ended()

    def _stop_orphan(self) -> None:
        """Stop a server that has outlived its launcher. We hold the lock, so no other launcher needs it."""
        try:
            pid = abs(int(self.pid_file.read_text().split()[0]))  # negative for a server in single-user mode
        except (FileNotFoundError, IndexError, ValueError):
            return
        for by in (self.stop_by, signal.SIGQUIT):
            if working_directory(pid) != self.directory:
                break
            with suppress(ProcessLookupError):
                os.kill(pid, by)
            until(lambda: working_directory(pid) != self.directory, 5)
        else:
            return
        if is_alive(pid):
            # The number has gone to somebody else's process, at which the server would take fright.
            self.pid_file.unlink(missing_ok=True)


def working_directory(pid: int) -> Path | None:
    """Where a process works, None where there is none that we may look at: by this a server is known to be ours."""
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/cwd").readlink()
        return None
    answer = subprocess.run(
        ["/usr/sbin/lsof", "-a", "-d", "cwd", "-Fn", "-p", str(pid)], capture_output=True, text=True
    )
    names = [line[1:] for line in answer.stdout.splitlines() if line.startswith("n")]
    return Path(names[0]) if names else None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
