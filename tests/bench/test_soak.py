"""The soak, for two minutes: nothing is lost, and nothing grows."""

import os
import subprocess
import sys

import pytest

from tests.bench.letters import PROGRAM
from tests.bench.site import ROOT


@pytest.mark.skipif(PROGRAM is None, reason="smtp-sink is not installed (Debian: postfix)")
@pytest.mark.ci
def test_two_minutes_of_signing_lose_nothing_and_grow_nothing() -> None:
    # With servers of its own.
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.soak"],
        cwd=ROOT,
        env=env | {"MINUTES": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
