"""A whole site whose parts can be killed, frozen and started again: all of it is its own, the mail server too."""

import logging
import os
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from petition_site import logs
from petition_site.local.processes import Child, tail, until
from signatures import emails
from signatures.letters import LEASE
from signatures.models import Letter
from tests.bench.signing import counted, recounted
from tests.bench.site import ROOT, BenchSite, bench_site
from tests.faults.people import People
from tests.smtp import Server as MailServer
from tests.smtp import mail_server

BACK_WITHIN = 60  # seconds
# In a log: what people have typed, the addresses of the site's letters, and what lets its holder act.
MUST_NOT_BE_SAID = [re.compile("Rosa|Quispe|rosa[.]|example[.]org"), logs.SIGNED, logs.SEALED]


@dataclass
class Breakable:
    site: BenchSite
    mail: MailServer = field(repr=False)
    may_be_twice: int = 0  # letters that were interrupted so far

    # Its parts

    def server(self, name: str) -> Child:
        """PostgreSQL or Redis, as it runs now."""
        [child] = [child for child in self.site.services.children if child.name.startswith(name)]
        return child

    def kill(self, child: Child, by: signal.Signals = signal.SIGKILL) -> None:
        child.process.send_signal(by)
        child.process.wait(BACK_WITHIN)

    def kill_group(self, child: Child) -> None:
        """With all that it has started."""
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait(BACK_WITHIN)

    def empty_redis(self) -> None:
        """What it has written is lost, as where it keeps nothing."""
        [server] = [server for server in self.site.services.servers if server.kind.name.startswith("Redis")]
        shutil.rmtree(server.directory)

    def start_server(self, name: str) -> None:
        """Again, on its port and on its data, once the one before has ended."""
        services = self.site.services
        [server] = [server for server in services.servers if server.kind.name.startswith(name)]
        [ended] = [child for child in services.children if child.name.startswith(name)]
        services.children.stop(ended)
        port = urlsplit(self.site.env[server.kind.setting]).port
        server.start(services.children, services.state / "logs" / f"{server.kind.name.lower()}.log", port)

    def start_worker(self, name: str = "worker", *options: str, **settings: str) -> Child:
        celery = ("-m", "celery", "--quiet", "-A", "petition_site", "worker", "--without-gossip", "--without-mingle")
        return self.begin(name, *celery, "--concurrency", "1", "--loglevel", "WARNING", *options, **settings)

    def start_beat(self, name: str = "beat", **settings: str) -> Child:
        schedule = str(self.site.state / f"{name}-schedule")
        celery = ("-m", "celery", "--quiet", "-A", "petition_site", "beat", "--schedule", schedule, "--pidfile", "")
        return self.begin(name, *celery, "--loglevel", "WARNING", **settings)

    def begin(self, name: str, *arguments: str, **settings: str) -> Child:
        child = self.site.begin(name, *arguments, env=self.site.env | settings)
        self.site.serving[name] = child
        return child

    def stop(self, *names: str) -> None:
        self.site.stop_serving(*names)

    def now(self) -> datetime:
        """As PostgreSQL has it."""
        [(now,)] = self.site.ask("SELECT clock_timestamp()")
        return now

    def end_leases_since_before(self, moment: datetime) -> None:
        """As if the minutes had passed for which letters are held by a worker that lost its database at that moment.

        Whoever has taken or renewed one since, some seconds later, keeps it.
        """
        last = moment + LEASE + timedelta(seconds=1)
        self.site.ask("UPDATE signatures_letter SET lease = NULL WHERE state = 'waiting' AND due_at < %s", last)

    # What must be true afterwards

    def reckon(
        self,
        people: People,
        *,
        interruptions: int = 0,
        refused: int = 0,
        statuses: frozenset[int | None] = frozenset(),
    ) -> None:
        """Nothing is lost of what was answered, each confirmed one is counted once, and each letter has arrived, none
        more often than it was interrupted; but for those that the mail server has refused for good."""
        assert set(people.statuses()) <= {303} | statuses
        signed, confirmed = people.served("sign"), people.served("confirm")
        assert signed and confirmed
        assert self.site.ask("SELECT count(*) FROM signatures_signature WHERE id = ANY(%s)", signed) == [(len(signed),)]
        are_confirmed = "SELECT count(*) FROM signatures_signature WHERE id = ANY(%s) AND state = 'confirmed'"
        assert self.site.ask(are_confirmed, confirmed) == [(len(confirmed),)]
        assert counted(self.site) == recounted(self.site) >= len(confirmed)
        self.deliver()
        letters = self.site.ask("SELECT id FROM signatures_letter WHERE state = 'sent'")
        arrived = Counter(str(letter["Message-ID"]) for letter in self.mail.arrived)
        # More than these where somebody signed again for want of an answer: the first attempt is deleted, with its
        # letters, once the second is confirmed.
        assert {emails.message_id(Letter(pk=pk)) for (pk,) in letters} <= set(arrived)
        self.may_be_twice += interruptions
        assert arrived.total() - len(arrived) <= self.may_be_twice
        unsent = "SELECT count(*) FROM signatures_letter WHERE signature_id = ANY(%s) AND state <> 'sent'"
        assert self.site.ask(unsent, signed) == [(refused,)]
        self.check_logs()

    def deliver(self) -> None:
        """As if the pauses were over that follow a failure, until no letter waits."""
        waiting = "FROM signatures_letter WHERE state = 'waiting'"
        # Only what has to be: a worker passes over rows that this has in hand.
        due = "UPDATE signatures_letter SET due_at = now() WHERE state = 'waiting' AND lease IS NULL AND due_at > now()"

        def is_done() -> bool:
            self.site.ask(due)
            self.site.ask("UPDATE signatures_outbox SET paused_until = NULL WHERE paused_until IS NOT NULL")
            return self.site.ask(f"SELECT count(*) {waiting}") == [(0,)]

        if not until(is_done, BACK_WITHIN * 4):
            left = self.site.ask(f"SELECT lease IS NOT NULL, due_at - now(), error {waiting} LIMIT 3")
            said = [path.name + ": " + " | ".join(tail(path, 3)) for path in self.site.logs.glob("*.log")]
            raise AssertionError("\n".join(["Letters still wait:", *map(str, left), *said]))

    def check_logs(self) -> None:
        for path in self.site.logs.glob("*.log"):
            lines = path.read_text(errors="replace").splitlines()
            found = [line for line in lines if any(said.search(line) for said in MUST_NOT_BE_SAID)]
            assert (path.name, found[:5]) == (path.name, [])


@contextmanager
def breakable_site(name: str, **settings: str) -> Iterator[Breakable]:
    """With gunicorn, a worker and beat, under the keys of this process, so that it can read what it is answered."""
    state = ROOT / ".local" / "faults" / name
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # each line of each letter, otherwise
    with pytest.MonkeyPatch.context() as patch, mail_server() as mail:
        for setting in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(setting)
        keys = {key: os.environ[key] for key in ("SECRET_KEY", "ADDRESS_KEY")}
        shutil.rmtree(state, ignore_errors=True)
        with bench_site(state, **keys, EMAIL_URL=f"smtp://127.0.0.1:{mail.port}", **settings) as site:
            broken = Breakable(site, mail)
            site.serve("gunicorn", "petition_site.wsgi", site.port)
            broken.start_worker()
            broken.start_beat()
            yield broken
    shutil.rmtree(state, ignore_errors=True)
