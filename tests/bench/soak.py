"""`make soak MINUTES=30`: people sign and confirm at half the rate that the machine bears, letters leave and counts are
folded; at the end nothing is lost, and no process has grown.

Memory is what belongs to a process alone (RssAnon in proc_pid_status(5)): the pages that PostgreSQL's processes share
are counted to each that has touched them, and so grow with the table.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression
from time import monotonic

from redis import Redis

from petition_site.local.processes import until
from petition_site.local.servers import free_port
from tests.bench import clients
from tests.bench.clients import posted
from tests.bench.letters import mail_sink
from tests.bench.signing import Signing, counted, paths_that_confirm, recounted
from tests.bench.site import BenchSite, bench_site, temporary_state

SLICE = 10  # seconds
CONNECTIONS = 8
GROWTH = 0.1  # of a process in the second half of the time, beside which less than SMALL is noise of the allocator
SMALL = 4 * 1024  # kB


@dataclass
class Samples:
    """What was seen of each kind of process, and of the connections, by the second."""

    site: BenchSite
    begun: float = field(default_factory=monotonic)
    seen: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def take(self) -> None:
        now = monotonic() - self.begun
        for name, kilobytes in self.memory().items():
            self.seen[f"{name}, kB"].append((now, kilobytes))
        [(connections,)] = self.site.ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        self.seen["connections to PostgreSQL"].append((now, connections))
        with Redis.from_url(self.site.env["REDIS_URL"]) as redis:
            self.seen["clients of Redis"].append((now, len(redis.client_list())))

    def memory(self) -> dict[str, float]:
        """The kilobytes of each process of ours with all that it has started, and of PostgreSQL and Redis."""
        parents = dict(processes())
        roots = {child.process.pid: name for name, child in self.site.serving.items()}
        roots |= {child.process.pid: child.name for child in self.site.services.children}
        sums: dict[str, float] = defaultdict(float)
        for pid in parents:
            root = next((each for each in line_of(pid, parents) if each in roots), None)
            if root is not None:
                sums[roots[root]] += anonymous(pid)
        return sums

    def second_half(self, name: str) -> tuple[float, float, float]:
        """What it was at first, what it grew by, and by how much in an hour (least squares)."""
        samples = self.seen[name]
        samples = samples[len(samples) // 2 :]
        moments, values = zip(*samples, strict=True)
        slope, start = linear_regression(moments, values)
        first = start + slope * moments[0]
        return first, slope * (moments[-1] - moments[0]), slope * 3600

    def report(self) -> list[str]:
        """Prints all of it; names what has grown too much."""
        grown = []
        print(f"\n{'in the second half':34} {'from':>10} {'grew by':>9} {'an hour':>9}")
        for name in self.seen:
            first, growth, hourly = self.second_half(name)
            print(f"{name:34} {first:10,.0f} {growth:9,.1f} {hourly:9,.0f}")
            if growth > max(GROWTH * first, SMALL if name.endswith("kB") else 2):
                grown.append(name)
        return grown


def processes() -> Iterator[tuple[int, int]]:
    """Numbers, and those of the parents."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue


def line_of(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid:
        yield pid
        pid = parents.get(pid, 0)


def anonymous(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")), 0)


def soak(site: BenchSite, minutes: float) -> list[str]:
    """Answers what has grown. Raises AssertionError where something is lost."""
    with mail_sink(site.logs / "smtp-sink.log") as sink:
        port = free_port()
        site.serve("gunicorn", "petition_site.wsgi", port)
        site.start_worker(f"smtp://127.0.0.1:{sink.port}")
        signing = Signing(site, port)
        signing.rate(200)
        top = signing.rate(1000)
        rate = top / 4  # a second who sign, and as many who confirm
        print(f"Bears {top:.0f} signatures a second; {rate:.0f} sign and {rate:.0f} confirm for {minutes:g} minutes")
        samples, confirmed = Samples(site), 0
        end = monotonic() + minutes * 60
        while monotonic() < end:
            n = max(1, int(rate * SLICE / 2))
            signing.rate(n, rate=rate)
            paths = paths_that_confirm(site, signing.handles)
            clients.run(port, CONNECTIONS, [posted(path, {}, n) for n, path in enumerate(paths)], rate)
            confirmed += len(paths)
            samples.take()
            site.children.fail_if_one_ended()
        waiting = "SELECT count(*) FROM signatures_letter WHERE state = 'waiting'"
        assert until(lambda: site.ask(waiting) == [(0,)], 300), f"letters still wait: {site.ask(waiting)}"
        assert counted(site) == recounted(site) == confirmed
        [(letters, sent)] = site.ask("SELECT count(*), count(*) FILTER (WHERE state = 'sent') FROM signatures_letter")
        [(signed,)] = site.ask("SELECT count(*) FROM signatures_signature")
        assert letters == sent == signed + confirmed
        assert until(lambda: sink.taken == sent, 15), f"{sink.taken:,} of {sent:,} letters arrived"
        print(f"{signed:,} signed, {confirmed:,} confirmed and counted, {sent:,} letters sent, each once")
        grown = samples.report()
        site.stop_serving("gunicorn", "worker")
    return grown


def main() -> int:
    with temporary_state("soak") as state, bench_site(state) as site:
        grown = soak(site, float(os.environ.get("MINUTES") or 30))
    if grown:
        print(f"Has grown: {', '.join(grown)}", file=sys.stderr)
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
