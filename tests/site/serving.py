"""Gunicorn on the database of a test, with production's settings, as `petition_site.gunicorn_conf` has it run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from petition_site.local.processes import Children, until
from petition_site.local.servers import free_port
from tests.helpers import env_beside
from tests.promises.visitor import Visitor

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds


class Served(NamedTuple):
    url: str
    pid: int

    def workers(self) -> list[str]:
        return Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()


@contextmanager
def serving(log: Path, *, workers: int = 1, **settings: str) -> Iterator[Served]:
    children, port = Children(), free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:petition_site.gunicorn_conf"]
    command += ["petition_site.wsgi", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "--workers", f"{workers}"]
    url = f"http://localhost:{port}"

    def is_ready() -> bool:
        children.fail_if_one_ended()
        try:
            return Visitor(url).get("/healthz").status == 200
        except OSError:
            return False

    try:
        pid = children.start("gunicorn", command, log=log, cwd=ROOT, env=env_beside(**settings)).process.pid
        assert until(is_ready, PATIENCE), log.read_text()
        yield Served(url, pid)
    finally:
        children.stop_all()
