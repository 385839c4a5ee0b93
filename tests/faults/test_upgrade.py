"""A site is renewed process by process: on the new tables the release before this one signs and confirms beside it."""

import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from time import sleep

import pytest

from petition_site.local.processes import until
from petition_site.local.servers import free_port
from tests.bench.site import ROOT, BenchSite, answers
from tests.faults.people import People
from tests.faults.site import Breakable
from tests.missing import give_up

pytestmark = pytest.mark.xdist_group("faults")
NEWEST = ("log", "-1", "--diff-filter=A", "--format=%H", "--", "*/migrations/0*.py")


def before_the_newest_migration(directory: Path) -> None:
    """The code as it was then."""
    git = shutil.which("git")
    try:
        newest = subprocess.run([git or "", *NEWEST], cwd=ROOT, check=True, capture_output=True, text=True)
        archive = [git or "", "archive", f"{newest.stdout.strip()}^"]
        packed = subprocess.run(archive, cwd=ROOT, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        give_up("there is no git, or no history, to take an earlier release from")
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as files:
        files.extractall(directory, filter="data")


def serve(site: BenchSite, code: Path) -> None:
    """A gunicorn of that code's, on the site's port."""
    env = site.env | {"DJANGO_SETTINGS_MODULE": "petition_site.settings"}
    for command in (("compile_translations",), ("collectstatic", "--noinput", "--ignore", "flags")):
        subprocess.run([sys.executable, "manage.py", *command], cwd=code, env=env, check=True, capture_output=True)
    gunicorn = ("-m", "gunicorn", "--config", "python:petition_site.gunicorn_conf", "petition_site.wsgi")
    options = ("--no-control-socket", "--threads", "4", "--bind", f"127.0.0.1:{site.port}")
    log = site.logs / "before.log"
    site.serving["before"] = site.children.start(
        "before", [sys.executable, *gunicorn, *options], log=log, cwd=code, env=env
    )
    assert until(lambda: answers(site.port), 60), f"see {log}"


@pytest.mark.long
def test_the_release_before_goes_on_beside_this_one(broken: Breakable, tmp_path: Path) -> None:
    before_the_newest_migration(tmp_path)
    old = replace(broken.site, port=free_port())
    serve(old, tmp_path)
    with People(old, threads=3) as theirs, People(broken.site, threads=3) as ours:
        sleep(6)

    broken.stop("before")
    broken.reckon(theirs)
    broken.reckon(ours)
