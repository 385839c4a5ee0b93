"""Letters a second: one worker that writes, sends and marks them, beside Django's own messages with their words ready.

Both send as many letters to the same mail server, Postfix's smtp-sink, which takes everything and keeps nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from petition_site.local.processes import Children, until
from petition_site.local.servers import answers, free_port
from tests.bench.measuring import Figure, Round, in_turn
from tests.bench.site import ROOT, BenchSite

# Debian keeps it where only root's PATH leads.
PROGRAM = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
LETTERS = 5000
REACH = 1.0  # of what Django's own messages reach


def figures(site: BenchSite) -> Iterator[Figure]:
    with mail_sink(site.logs / "smtp-sink.log") as sink:
        of_its_own, _is_new = site.with_own("letters")  # in which nothing waits but what is measured
        yield from measure(of_its_own.env, sink)


def measure(env: Mapping[str, str], sink: "Sink", n: int = LETTERS) -> Iterator[Figure]:
    """`env` is the settings of a site in which nobody else sends letters meanwhile."""
    bench = Bench(env, sink, n)
    bench.ours()  # what is read from the disk for the first time is read now
    rounds = in_turn(bench.ours, bench.djangos)
    yield Figure("letters of one worker", "Django's messages, words ready", REACH, rounds)
    alone = [each.ours for each in rounds]
    both = [Round(bench.ours(workers=2), rate) for rate in alone]
    yield Figure("letters of two workers", "letters of one worker", None, both)


class Sink:
    """smtp-sink, and how many letters it has taken so far."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    @property
    def taken(self) -> int:
        """From its running counter, which it writes over and over into one line."""
        counts = re.findall(rb"mesg=(\d+)", self.log.read_bytes()[-1000:])
        return int(counts[-1]) if counts else 0


@contextmanager
def mail_sink(log: Path) -> Iterator[Sink]:
    assert PROGRAM, "smtp-sink is not installed, and no letter was measured (Debian: apt install postfix)"
    children, port = Children(), free_port()
    try:
        as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []  # it will not run as root
        command = [PROGRAM, "-c", *as_nobody, f"127.0.0.1:{port}", "100"]
        child = children.start("smtp-sink", command, log=log, cwd=log.parent, env={"PATH": os.defpath})
        until(lambda: child.process.poll() is not None or answers(port), 15)
        children.fail_if_one_ended()
        yield Sink(port, log)
    finally:
        children.stop_all()


class Bench:
    """Rates in letters a second; each round sees to it that all its letters are marked, and that the sink has them."""

    def __init__(self, env: Mapping[str, str], sink: Sink, n: int) -> None:
        self.env = {**env, "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}"}
        self.sink, self.n = sink, n

    def ours(self, workers: int = 1) -> float:
        self.run("fill", self.n)
        before = self.sink.taken
        with ThreadPoolExecutor(workers) as pool:
            done = list(pool.map(lambda _: self.run("ours"), range(workers)))
        assert sum(each["sent"] for each in done) == self.n
        assert self.waiting() == 0
        self.check_taken(before)
        # Workers that start together end together but for the last batch.
        return sum(each["sent"] / each["seconds"] for each in done)

    def djangos(self) -> float:
        before = self.sink.taken
        done = self.run("djangos", self.n)
        self.check_taken(before)
        return done["sent"] / done["seconds"]

    def run(self, *arguments: object) -> dict[str, float]:
        command = [sys.executable, "-m", "tests.bench.send_letters", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=self.env, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout or b"{}")

    def waiting(self) -> int:
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT count(*) FROM signatures_letter WHERE state <> 'sent'").fetchone()
            assert row is not None
            return row[0]

    def check_taken(self, before: int) -> None:
        assert until(lambda: self.sink.taken - before >= self.n, 5), f"only {self.sink.taken - before} arrived"
        assert self.sink.taken - before == self.n, f"{self.sink.taken - before} arrived"
