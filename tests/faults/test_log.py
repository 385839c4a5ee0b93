"""The disk that logs are written to is full: each process starts, people sign and letters leave as before.

Celery's programs need their `--quiet` for it: else they greet with a banner, which cannot be written.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import sleep

import pytest

from petition_site.local.processes import Child
from tests.faults.people import People
from tests.faults.site import Breakable, breakable_site

pytestmark = pytest.mark.xdist_group("faults")
FULL = Path("/dev/full")  # answers to each write that no space is left


@pytest.fixture(scope="module")
def broken() -> Iterator[Breakable]:
    if not FULL.is_char_device():
        pytest.skip(f"no {FULL} on this system")
    with breakable_site("log") as broken:
        yield broken


@pytest.mark.long
def test_all_starts_and_goes_on_while_the_disk_for_the_logs_is_full(
    broken: Breakable, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = broken.site.begin

    def begin_with_full_disk(name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Child:
        log = broken.site.logs / f"{name}.log"
        log.unlink()
        log.symlink_to(FULL)
        try:
            return begin(name, *arguments, env=env)
        finally:
            log.unlink()  # nobody could read it to its end

    broken.stop("gunicorn", "worker", "beat")
    monkeypatch.setattr(broken.site, "begin", begin_with_full_disk)
    broken.site.serve("gunicorn", "petition_site.wsgi", broken.site.port)
    broken.start_worker()
    broken.start_beat()
    with People(broken.site) as people:
        sleep(3)
        broken.kill(broken.server("Redis"))  # which it has something to say about
        sleep(4)
        broken.start_server("Redis")
        sleep(3)

    broken.site.children.fail_if_one_ended()
    broken.reckon(people)
