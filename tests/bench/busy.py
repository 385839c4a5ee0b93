"""Signing while all else is at work: a hundred thousand letters leave, and staff take one list after the other."""

from collections.abc import Iterator
from threading import Event, Thread

from tests.bench.exports import Staff, staff_of
from tests.bench.letters import Bench, mail_sink
from tests.bench.measuring import Figure, Round
from tests.bench.signing import Signing
from tests.bench.site import BenchSite
from tests.bench.sizes import LARGE, holding

LETTERS = 100_000
ROUNDS = 5


def figures(site: BenchSite) -> Iterator[Figure]:
    large = holding(site, "large", LARGE)
    large.serve("ours", "petition_site.wsgi", large.port)
    signing = Signing(large, large.port)
    signing.rate(200)
    alone = [signing.rate() for _ in range(ROUNDS)]
    signing.waits.clear()
    with mail_sink(site.logs / "smtp-sink.log") as sink:
        Bench(large.env, sink, LETTERS).run("fill", LETTERS)
        before = sink.taken
        with Exporting(staff_of(large)) as lists:
            large.start_worker(f"smtp://127.0.0.1:{sink.port}")
            busy = [signing.rate() for _ in range(ROUNDS)]
        sent = sink.taken - before
    assert sent > 0
    rounds = [Round(*pair) for pair in zip(busy, alone, strict=True)]
    remark = f"{sent:,} letters left meanwhile, and {lists.taken} lists of {LARGE:,}"
    yield Figure("signing while letters and lists leave", "signing alone", 0.6, rounds, signing.waits, remark)
    site.stop_serving("ours", "worker")


class Exporting:
    """Takes one list after the other in a thread, as long as a block lasts."""

    def __init__(self, staff: Staff) -> None:
        self.staff, self.taken = staff, 0
        self.is_over = Event()
        self.thread = Thread(target=self.take)

    def take(self) -> None:
        while not self.is_over.is_set():
            self.staff.take("addressee", "comma")
            self.taken += 1

    def __enter__(self) -> "Exporting":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()
