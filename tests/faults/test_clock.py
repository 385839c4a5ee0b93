"""PostgreSQL's clock, by which the site goes, is set back by an hour: people sign and confirm, and letters leave.

The other processes keep theirs: under libfaketime 0.9.10, Python either cannot sleep or waits for ever, and Redis's
allocator asks for the time before it can be told.
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest

from petition_site.local.postgres import Postgres
from petition_site.local.processes import until
from tests.faults.people import People
from tests.faults.site import Breakable, breakable_site

pytestmark = pytest.mark.xdist_group("faults")
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
BACK = timedelta(hours=1)


@pytest.fixture(scope="module")
def clock() -> Iterator[Path]:
    """A file that says how far the clock is set forward; where the user of the servers can read it."""
    if not LIBRARIES:
        pytest.skip("no libfaketime: Debian's package is named faketime")
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    clock = directory / "clock"
    clock.write_text("+0")
    yield clock
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def broken(clock: Path) -> Iterator[Breakable]:
    preloaded = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",  # second, after which each process looks into the file again
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        set_them = ["/usr/bin/env", *(f"{name}={value}" for name, value in preloaded.items())]
        command = Postgres.command
        patch.setattr(Postgres, "command", lambda server, port: [*set_them, *command(server, port)])
        with breakable_site("clock") as broken:
            yield broken


def lag(broken: Breakable) -> timedelta:
    """How far PostgreSQL's clock is behind ours."""
    [(now,)] = broken.site.ask("SELECT clock_timestamp()")
    return datetime.now(UTC) - now


@pytest.mark.long
def test_a_clock_set_back_by_an_hour_loses_nothing(broken: Breakable, clock: Path) -> None:
    assert lag(broken) < BACK / 2
    with People(broken.site) as people:
        assert until(lambda: bool(broken.mail.arrived), 30)
        clock.write_text(f"-{BACK.total_seconds():.0f}")
        assert until(lambda: lag(broken) > BACK / 2, 30)
        sleep(2)  # each process has looked
        arrived = len(broken.mail.arrived)
        assert until(lambda: len(broken.mail.arrived) > arrived + 100, 30)

    # Neither what was written before waits for an hour, nor what is written since; but what was just being sent may.
    waiting = "SELECT count(*) FROM signatures_letter WHERE state = 'waiting' AND attempts = 0"
    assert until(lambda: broken.site.ask(waiting) == [(0,)], 30)
    broken.reckon(people)
