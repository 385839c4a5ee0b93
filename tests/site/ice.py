"""PostgreSQL as it is on a machine that has lost its disk: it listens, and nothing comes of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def ice(postmaster: int) -> Iterator[None]:
    """All processes of the server stand still; those that serve somebody already, too."""
    processes = [postmaster]
    os.kill(postmaster, signal.SIGSTOP)  # first, so that no more of them are made
    processes += map(int, Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split())
    try:
        for process in processes[1:]:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in reversed(processes):
            os.kill(process, signal.SIGCONT)
