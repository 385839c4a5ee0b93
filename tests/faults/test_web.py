"""Gunicorn is reloaded, or stopped and started, while people sign."""

import os
import signal
from pathlib import Path
from time import sleep

import pytest

from tests.faults.people import People
from tests.faults.site import Breakable

pytestmark = pytest.mark.xdist_group("faults")


@pytest.mark.long
def test_gunicorn_reloaded_under_load_answers_everybody(broken: Breakable) -> None:
    # A connection for each request, as from a proxy that keeps none: one that idles is closed by a reload.
    with People(broken.site, keep_alive=False) as people:
        for _ in range(3):
            sleep(2)
            broken.site.serving["gunicorn"].process.send_signal(signal.SIGHUP)
        sleep(4)

    broken.reckon(people)


@pytest.mark.long
def test_gunicorn_stopped_under_load_ends_well_and_loses_nothing_that_it_has_answered(broken: Breakable) -> None:
    gunicorn = broken.site.serving["gunicorn"]
    with People(broken.site) as people:
        sleep(3)
        broken.kill(gunicorn, signal.SIGTERM)
        broken.stop("gunicorn")
        sleep(1)
        broken.site.serve("gunicorn", "petition_site.wsgi", broken.site.port)
        sleep(3)

    assert gunicorn.process.returncode == 0
    broken.reckon(people, statuses=frozenset({None}))


@pytest.mark.long
def test_a_web_process_that_is_killed_takes_nothing_with_it(broken: Breakable) -> None:
    with People(broken.site) as people:
        sleep(3)
        gunicorn = broken.site.serving["gunicorn"].process.pid
        for child in children_of(gunicorn):
            os.kill(child, signal.SIGKILL)
        sleep(4)

    assert people.statuses()[None] > 0
    broken.reckon(people, statuses=frozenset({None}))


def children_of(pid: int) -> list[int]:
    """As Linux lists them."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
