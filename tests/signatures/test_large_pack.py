"""A pack of a hundred thousand names: how long it takes, and how much memory its maker and the press have together."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from signatures.models import Pack
from tests.helpers import env_beside, make_campaign, make_many
from tests.signatures.test_deliveries import approved
from tests.signatures.test_packs import csv_of, listed, pack_of, taken

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

N = 100_000
SECONDS = 120
MEGABYTES = 300
MAKE = "import django; django.setup(); from signatures.deliveries import packs; assert packs.make_next()"


def held(pid: int) -> int:
    """Bytes that a process and what it has started have in memory, each shared page once in all."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has just ended
    own = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return own + sum(held(int(child)) for child in children)


def test_a_hundred_thousand_names_take_less_than_two_minutes_and_300_megabytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    campaign = make_campaign()
    make_many(campaign, N * 10 // 9 + 1)  # each tenth is counted only
    delivery = approved(campaign)
    most = 0
    begun = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", MAKE], env=env_beside()) as maker:
        while maker.poll() is None:
            most = max(most, held(maker.pid))
            time.sleep(0.02)
    seconds = time.monotonic() - begun
    pack = pack_of(delivery)
    with capsys.disabled():
        print(
            f"\n{pack.names:,} names: {seconds:.1f} s, {most / 1e6:.0f} MB at the most, {pack.size / 1e6:.1f} MB as ZIP"
        )
    assert maker.returncode == 0
    assert pack.state == Pack.State.READY
    assert pack.names >= N
    assert seconds < SECONDS
    assert most < MEGABYTES * 1_000_000
    opened = taken(delivery)
    assert len(csv_of(opened)) - 1 == len(listed(opened)) == pack.names
