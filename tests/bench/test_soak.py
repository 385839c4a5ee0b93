"""The soak, for two minutes: nothing is lost, and nothing grows."""

import subprocess
import sys

import pytest

from tests.bench.site import ROOT


@pytest.mark.ci
@pytest.mark.xdist_group("browser")
def test_two_minutes_of_signing_lose_nothing_and_grow_nothing() -> None:
    # Its own servers: those of the tests stay out of its environment.
    done = subprocess.run(
        ["env", "-u", "DATABASE_URL", "-u", "REDIS_URL", "MINUTES=2", sys.executable, "-m", "tests.bench.soak"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
