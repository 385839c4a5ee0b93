"""Workers and their clock are killed, or doubled, while people sign: each letter leaves, and each signature counts."""

from time import sleep

import pytest

from petition_site.local.processes import until
from tests.bench.signing import counted, recounted
from tests.faults.people import People
from tests.faults.site import Breakable

pytestmark = pytest.mark.xdist_group("faults of workers")
MEANWHILE = 6  # seconds


def sends(broken: Breakable) -> bool:
    """Whether the worker is in the middle of a batch: some of it has left, and some is still to leave."""
    arrived = len(broken.mail.arrived)
    leased = "SELECT count(*) FROM signatures_letter WHERE state = 'waiting' AND lease IS NOT NULL"
    return broken.site.ask(leased)[0][0] > 3 and until(lambda: len(broken.mail.arrived) > arrived, 0.5)


@pytest.mark.ci
def test_a_worker_killed_in_mid_batch_loses_no_letter(broken: Breakable) -> None:
    kills = 3
    with People(broken.site) as people:
        for _ in range(kills):
            assert until(lambda: sends(broken), 30)
            # The process that sends, and the one that has started it: nothing is left to tidy up.
            broken.kill_group(broken.site.serving["worker"])
            sleep(1)
            broken.stop("worker")
            broken.start_worker()
        sleep(MEANWHILE)
    broken.site.ask("UPDATE signatures_letter SET lease = NULL WHERE state = 'waiting'")  # as if its lease were over

    broken.reckon(people, interruptions=kills)


@pytest.mark.ci
def test_without_beat_letters_leave_and_the_count_is_exact(broken: Breakable) -> None:
    broken.kill(broken.site.serving["beat"])
    with People(broken.site) as people:
        sleep(MEANWHILE)

    # Nobody folds now: the deltas are counted where they lie.
    assert broken.site.ask("SELECT count(*) > 0 FROM signatures_countdelta") == [(True,)]
    broken.reckon(people)
    broken.stop("beat")
    broken.start_beat()
    assert until(lambda: broken.site.ask("SELECT count(*) FROM signatures_countdelta") == [(0,)], 30)
    assert counted(broken.site) == recounted(broken.site)


@pytest.mark.long
def test_two_beats_and_two_workers_by_mistake_send_no_letter_twice(broken: Breakable) -> None:
    broken.start_beat("beat2")
    broken.start_worker("worker2", "--hostname", "second@%h")
    with People(broken.site) as people:
        sleep(MEANWHILE)

    broken.reckon(people)
    broken.stop("beat2", "worker2")


@pytest.mark.long
def test_two_folds_at_once_count_nothing_twice(broken: Breakable) -> None:
    broken.stop("beat")  # which would fold beside them
    program = "import django; django.setup(); from signatures import tally; [tally.fold() for _ in range(200)]"
    settings = {"DJANGO_SETTINGS_MODULE": "petition_site.settings"}
    with People(broken.site) as people:
        folding = [broken.begin(name, "-c", program, **settings) for name in ("fold1", "fold2")]
        assert until(lambda: all(child.process.poll() is not None for child in folding), 60)

    assert [child.process.returncode for child in folding] == [0, 0]
    broken.reckon(people)
    broken.stop("fold1", "fold2")
    broken.start_beat()
