"""Child processes that end with us: stopped in reverse order, or by the kernel when we are killed."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class LaunchError(Exception):
    """What went wrong, in one line; `log` names the file that holds the rest."""

    def __init__(self, reason: str, log: Path | None = None) -> None:
        super().__init__(reason)
        self.log = log

    def report(self) -> str:
        """The reason and the last 30 lines of the log, for those who will not find the file any more."""
        return "\n".join([str(self), *(tail(self.log, 30) if self.log else [])])


class Account(NamedTuple):
    """The user that the servers run as when we are root, which PostgreSQL refuses to be."""

    uid: int
    gid: int

    @classmethod
    def of_servers(cls) -> "Account":
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise LaunchError("As root, the servers run as another user: this machine has neither `postgres` nor `nobody`.")


class Child(NamedTuple):
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_by: signal.Signals
    patience: float  # seconds between asking it to stop and killing it

    def how_it_ended(self) -> LaunchError:
        words = " ".join(tail(self.log, 1)) or "it left no message"
        return LaunchError(f"{self.name} ended with status {self.process.returncode}: {words}", self.log)


class Children:
    """Processes in the order of their start. Start them from the main thread: it is the thread the kernel watches."""

    def __init__(self) -> None:
        self._running: list[Child] = []

    def __iter__(self) -> Iterator[Child]:
        """Those that were started and not stopped; some may have ended by themselves."""
        return iter(tuple(self._running))

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path,
        env: Mapping[str, str],
        account: Account | None = None,
        pass_fds: Sequence[int] = (),
        stdin: bytes = b"",
        stop_by: signal.Signals = signal.SIGTERM,
        orphaned_by: signal.Signals = signal.SIGKILL,
        patience: float = 10,
    ) -> Child:
        """Start `command`; the kernel sends it `orphaned_by` when we die without stopping it."""
        # A signal between starting a process and noting it would leave one that nobody stops.
        with signals_held(), log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=env,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=() if account else None,
                pass_fds=pass_fds,
                # Ctrl-C reaches the whole foreground group of a terminal; in which order to stop is ours to say.
                start_new_session=True,
                preexec_fn=_dies_with_us(orphaned_by),
            )
            child = Child(name, process, log, stop_by, patience)
            self._running.append(child)
            with suppress(BrokenPipeError):  # it has ended already, and its log says why
                process.stdin.write(stdin)  # type: ignore[union-attr]  # a pipe, as asked
                process.stdin.close()  # type: ignore[union-attr]
        return child

    def wait_for(self, child: Child) -> None:
        """Let a step come to its end."""
        if child.process.wait():
            raise child.how_it_ended()
        self._running.remove(child)

    def fail_if_one_ended(self) -> None:
        for child in self._running:
            if child.process.poll() is not None:
                raise child.how_it_ended()

    def stop(self, child: Child) -> None:
        if child.process.poll() is None:
            child.process.send_signal(child.stop_by)
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(child.patience)
        # Now the child if it did not obey, and whoever it has left in its group.
        until(lambda: _is_gone(child.process), 5)
        self._running.remove(child)

    def stop_all(self) -> None:
        while self._running:
            self.stop(self._running[-1])


def _is_gone(process: subprocess.Popen[bytes]) -> bool:
    process.poll()  # or it would stay in its group as a zombie
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return True
    return False


def _dies_with_us(orphaned_by: signal.Signals) -> Callable[[], None]:
    """What a child does between fork and exec, after it has become the user it runs as (which would undo it)."""
    parent = os.getpid()

    def in_the_child() -> None:
        ask_kernel_for_signal(orphaned_by)
        if os.getppid() != parent:  # we died before the kernel knew
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return in_the_child


def ask_kernel_for_signal(number: signal.Signals) -> None:
    """Have it sent to this process when its parent dies. Other systems than Linux have nothing like it."""
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, int(number))


@contextmanager
def signals_held() -> Iterator[None]:
    """Signals that stop us wait until the block is over."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for `condition`; False when it has not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def tail(log: Path, lines: int) -> list[str]:
    try:
        with log.open(errors="replace") as file:
            return list(deque((line.rstrip() for line in file if line.strip()), lines))
    except FileNotFoundError:
        return []
