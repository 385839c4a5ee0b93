"""`make run` in a fresh clone: started as a person starts it, used over HTTP, and ended in each of the ways it can end.

The clone is made of what is committed.
"""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlencode, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

import pytest

from petition_site.local.processes import until
from petition_site.local.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
SLUG = "stand-with-victims-of-repression-in-peru"
FIRST_START = 240  # seconds at most: it fetches its packages, while other tests keep the machine busy
# What the tests have set for themselves, or `make test` for its own children: none of it is in a person's shell.
OF_THE_TESTS = re.compile(
    "DATABASE_URL|REDIS_URL|EMAIL_URL|INBOX_DIR|SECRET_KEY|ADDRESS_KEY|SITE_URL|DEFAULT_FROM_EMAIL|PORT"
    "|DJANGO_SETTINGS_MODULE|LOCAL_SERVICES|MAKEFLAGS|MAKELEVEL|MFLAGS|VIRTUAL_ENV|(PYTEST|TEST)_.*|PYTHON.*"
)
IS_ROOT = os.geteuid() == 0
USERS = ["root", "nobody"] if IS_ROOT else [pwd.getpwuid(os.geteuid()).pw_name]


@dataclass
class Clone:
    path: Path
    user: str

    def options(self, **env: str) -> dict[str, Any]:
        """What a program needs to run here as the clone's user, in a shell of theirs."""
        user = pwd.getpwnam(self.user)
        own = {name: value for name, value in os.environ.items() if not OF_THE_TESTS.fullmatch(name)}
        become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if IS_ROOT else {}
        return {"cwd": self.path, "env": own | {"HOME": user.pw_dir} | env, **become}

    def make_run(self, source: str = "auto", **env: str) -> "Site":
        env = {"PORT": str(free_port()), "LOCAL_SERVICES": source} | env
        output = self.path.parent / "output"
        with output.open("w") as file:
            make = subprocess.Popen(
                ["make", "run"],  # noqa: S607  (the one that a person would get)
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.options(**env),
            )
        site = Site(self, make, output, f"http://localhost:{env['PORT']}")
        assert until(lambda: "Ctrl-C" in site.said() or make.poll() is not None, FIRST_START), site.said()
        if "on this machine: install one" in site.said():
            pytest.skip(site.said().splitlines()[-2])
        return site

    def refusal(self, **env: str) -> list[str]:
        """The lines of a start that ends by itself, without those of make."""
        site = self.make_run(**env)
        assert site.make.wait() == 2
        return [line for line in site.said().splitlines() if not line.startswith("make: ")]

    def signatures(self) -> int:
        """As `manage.py` sees them, without any setting."""
        ask = "from signatures.models import Signature; print(Signature.objects.confirmed().count())"
        command = [".venv/bin/python", "manage.py", "shell", "--no-imports", "-c", ask]
        return int(subprocess.check_output(command, **self.options()))

    def processes(self) -> dict[int, str]:
        """Those that work somewhere in this clone, whoever has started them."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink().is_relative_to(self.path):
                    found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it has ended, or is none of ours
                continue
        return found

    def is_left_clean(self) -> bool:
        return not self.processes() and not (self.path / ".local" / "environment").exists()


@dataclass
class Site:
    clone: Clone
    make: "subprocess.Popen[bytes]"
    output: Path
    url: str
    browser: OpenerDirector = field(
        default_factory=lambda: build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
    )

    def said(self) -> str:
        return self.output.read_text()

    def launcher(self) -> int:
        """The one child of make."""
        return int(Path(f"/proc/{self.make.pid}/task/{self.make.pid}/children").read_text())

    def stop(self, by: signal.Signals) -> None:
        """SIGINT as a terminal sends it, to the whole group; the others as a supervisor does, to make alone."""
        (os.killpg if by == signal.SIGINT else os.kill)(self.make.pid, by)
        self.make.wait(60)
        assert "\nStopped.\n" in self.said()

    def get(self, path: str) -> str:
        with self.browser.open(urljoin(self.url, path), timeout=30) as response:
            return response.read().decode()  # type: ignore[no-any-return]

    def post(self, path: str, **fields: str) -> str:
        """Send the form of the page at `path`; returns where that has led."""
        form = Form(self.get(path))
        address = urljoin(urljoin(self.url, path), form.address)
        with self.browser.open(address, urlencode(form.hidden | fields).encode(), timeout=30) as response:
            return str(urldefrag(response.url).url)

    def count(self) -> int:
        return int(json.loads(self.get(f"/api/v1/campaigns/{SLUG}/"))["signatures"])

    def sign(self, email: str) -> None:
        """The whole way of a supporter, from the page to the count."""
        before = self.count()
        page = f"/en/{SLUG}/"
        person = {"name": "Ana Example", "email": email, "country": "PE", "visibility": "delivered", "consent": "on"}
        assert self.post(page, **person).startswith(f"{self.url}{page}check-email/")
        link = self.link_to(email)
        self.get(link)
        assert self.count() == before
        assert self.post(link) == f"{self.url}{page}thanks/"
        assert self.count() == before + 1

    def link_to(self, email: str) -> str:
        """From the letter, as the inbox page shows it."""
        link = re.compile(rf"{re.escape(email)}.*?({self.url}/en/confirm/[^/\s\"]+/)", re.DOTALL)
        assert until(lambda: bool(link.search(self.get("/inbox/"))), 60), "No letter has arrived."
        return link.search(self.get("/inbox/"))[1]  # type: ignore[index]


class Form(HTMLParser):
    """The one form of a page: its address, and what it sends unseen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.address = ""
        self.hidden: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.address = given.get("action", "")
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given.get("value", "")


@pytest.fixture(scope="module")
def clones() -> Iterator[dict[str, Clone]]:
    """One for each user, made when it is first needed."""
    made: dict[str, Clone] = {}
    yield made
    for clone in made.values():
        shutil.rmtree(clone.path.parent)


@pytest.fixture
def clone(request: pytest.FixtureRequest, clones: dict[str, Clone]) -> Iterator[Clone]:
    clone = clones.get(request.param) or make_clone(request.param)
    clones[clone.user] = clone
    yield clone
    # A test that fails must not leave its site to the next one.
    for pid in clone.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert until(lambda: not clone.processes(), 10)


def make_clone(user: str) -> Clone:
    """In a directory that is closed to all other users: if it is root's, to the one that the servers run as, too."""
    folder = Path(tempfile.mkdtemp(prefix="petition-clone-")).resolve()
    clone = Clone(folder / "clone", user)
    subprocess.run(["git", "clone", "--quiet", ROOT, clone.path], check=True)  # noqa: S607
    entry = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    return clone


def as_user(user: str, *values: str, is_long: bool = False) -> Any:
    """The tests of one user's clone run in one process, one after the other."""
    marks = [pytest.mark.first, pytest.mark.xdist_group(f"clone of {user}"), *([pytest.mark.long] if is_long else [])]
    return pytest.param(user, *values, marks=marks, id="-".join((user, *values)))


first_user = pytest.mark.parametrize("clone", [as_user(USERS[0])], indirect=True)


@pytest.mark.parametrize(
    ("clone", "source"),
    [
        # Each user with one kind of servers in every run, with both in a long one.
        as_user(USERS[0], "machine"),
        as_user(USERS[-1], "wheels"),
        *([as_user(USERS[0], "wheels", is_long=True), as_user(USERS[-1], "machine", is_long=True)] if IS_ROOT else []),
    ],
    indirect=["clone"],
)
def test_who_signs_is_counted_and_still_is_after_a_restart(clone: Clone, source: str) -> None:
    site = clone.make_run(source)
    servers = re.findall(r"^  (?:PostgreSQL|Redis) .*$", site.said(), re.MULTILINE)
    assert [".venv" in line or "petition-site-" in line for line in servers] == [source == "wheels"] * 2
    [(user, password)] = re.findall(r"/admin/  as (\S+) with password (\S+)", site.said())
    assert site.post("/admin/login/?next=/admin/", username=user, password=password) == f"{site.url}/admin/"
    before = site.count()
    site.sign(f"ana.{source}@example.org")
    assert clone.signatures() == before + 1
    site.stop(signal.SIGTERM)
    assert clone.is_left_clean(), clone.processes()

    site = clone.make_run(source)
    assert site.count() == before + 1
    site.stop(signal.SIGINT)
    assert clone.is_left_clean(), clone.processes()


@first_user
def test_a_killed_one_leaves_no_process_and_the_next_recovers(clone: Clone) -> None:
    site = clone.make_run()
    before = site.count()
    site.sign("beto@example.org")
    said = site.said()
    refused = clone.refusal()
    assert refused == [
        "Checking this clone",
        "make run: Checking this clone failed: another `make run` is running in it.",
    ]
    assert site.count() == before + 1

    # The next one comes at once, while the servers of the last still close their files.
    os.kill(site.launcher(), signal.SIGKILL)
    next_site = clone.make_run()
    assert site.make.wait(10) != 0
    assert next_site.count() == before + 1
    assert said.splitlines()[-2:] == next_site.said().splitlines()[-2:]

    os.kill(next_site.launcher(), signal.SIGKILL)
    assert next_site.make.wait(10) != 0
    assert until(lambda: not clone.processes(), 10), clone.processes()


@first_user
def test_what_goes_wrong_is_said_on_one_line(clone: Clone) -> None:
    # Nobody listens there.
    database = f"postgresql://petition@127.0.0.1:{free_port()}/petition"
    *_steps, line = clone.refusal(DATABASE_URL=database)
    assert line.startswith("make run: Bringing the database up to date failed: manage.py migrate ended with status 1: ")
    assert line.endswith(" (see .local/logs/migrate.log)")
    assert clone.is_left_clean(), clone.processes()

    *_steps, line = clone.refusal(PORT="http")
    assert line == "make run: Checking this clone failed: PORT must be a number up to 65535; it is 'http'."
    *_steps, line = clone.refusal(LOCAL_SERVICES="docker")
    assert line.endswith(" failed: LOCAL_SERVICES must be one of auto, machine, wheels; it is 'docker'.")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        *_steps, line = clone.refusal(PORT=str(port))
    begin = f"make run: Checking this clone failed: port {port}: Address already in use. For another: PORT="
    assert line.startswith(begin)
    assert clone.is_left_clean(), clone.processes()


@first_user
def test_a_machine_without_python_is_told_so_on_one_line(clone: Clone, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "make", "mkdir", "test", "touch"):
        (tools / name).symlink_to(shutil.which(name) or "/")
    # A shim that is there and leads nowhere, and a Python that is too old.
    for name, version in (("python3.13", "exit 127"), ("python3", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{version}\n")
        (tools / name).chmod(0o755)
    shutil.copy(clone.path / "Makefile", tmp_path)
    finished = subprocess.run(
        ["make", "run"],  # noqa: S607
        cwd=tmp_path,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )
    line, *of_make = finished.stderr.splitlines()
    assert line.startswith("Python 3.11 or later with venv is needed: ")
    assert all(each.startswith("make: ") for each in of_make)
