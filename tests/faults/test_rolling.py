"""A release is put in the place of another while people sign: web processes and workers, one after the other."""

import signal
from time import sleep

import pytest

from petition_site.local.processes import until
from tests.faults.people import People
from tests.faults.site import BACK_WITHIN, Breakable

pytestmark = pytest.mark.xdist_group("faults")
WORKERS = ("one", "other")


def start(broken: Breakable, name: str) -> None:
    worker = broken.start_worker(name, "--hostname", f"{name}@%h", "--loglevel", "INFO")
    assert until(lambda: " ready." in worker.log.read_text(), BACK_WITHIN), worker.log.read_text()


@pytest.mark.long
def test_a_rolling_restart_fails_no_request_and_loses_and_doubles_no_letter(broken: Breakable) -> None:
    """Gunicorn reloads its two processes by HUP, so that nobody comes to a closed door meanwhile."""
    broken.stop("worker")
    for name in WORKERS:
        start(broken, name)
    # A connection for each request, as from a proxy that keeps none: one that idles is closed by a reload.
    with People(broken.site, keep_alive=False) as people:
        sleep(2)
        broken.site.serving["gunicorn"].process.send_signal(signal.SIGHUP)
        for name in WORKERS:
            ended = broken.site.serving[name]
            broken.kill(ended, signal.SIGTERM)
            assert ended.process.returncode == 0
            broken.stop(name)
            start(broken, name)
        sleep(2)

    broken.reckon(people)
