"""The site on a bare Debian, brought up by the commands of docs/deploy.md, and a browser that finds it there."""

import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from pyrage.x25519 import Identity

from petition_site.local.processes import until
from petition_site.local.servers import free_port
from tests.browser import chromium
from tests.browser.journeys.conftest import Visitors
from tests.browser.site import ROOT, SLUG, STAFF, Site
from tests.containers.trial import Answer, Https
from tests.debian.commands import chapters
from tests.debian.machine import MAIL, Machine, machine
from tests.debian.shell import Shell

HOST = "petition.example.org"
PASSWORD = "of-the-trial-only"  # of STAFF
CODES = [f"codes{number:05}" for number in range(30)]  # of the second factor, for one login each
SOURCE = "root/petition.git"  # in the machine
LIVE = f"etc/letsencrypt/live/{HOST}"


@dataclass(frozen=True, kw_only=True)
class Debian(Site):
    machine: Machine
    shell: Shell

    def connect(self) -> None:
        """Ways from here into a machine that has just come up, and a mail server in it."""
        start_mail_server(self.machine, self.inbox)
        self.machine.relay(self.port, "127.0.0.1:443")
        self.machine.relay(urlsplit(self.database).port or 0, "127.0.0.1:5432")

    def logged(self) -> str:
        """All that is written down anywhere there."""
        told = self.machine.ask("journalctl", "--no-pager", "--output=cat")
        files = self.machine.ask("sh", "-c", "cat $(find /var/log -name '*.log' -type f)")
        return told + files

    def backups_set_up(self) -> None:
        """Once."""
        if "6. Backups" not in self.shell.took:
            self.shell.follow("6. Backups")

    def ask_for(self, path: str) -> Answer:
        """Over TLS, with the certificate that lies there."""
        trusted = ssl.create_default_context(cafile=str(self.machine.root / "etc/petition/tls/fullchain.pem"))
        trusted.check_hostname = False
        connection = Https(self.port, trusted)
        try:
            connection.request("GET", path, headers={"Host": HOST})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read().decode())
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.ask_for("/readyz").status == 200
        except OSError:
            return False

    def certificate(self) -> str:
        """The one that nginx shows."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))

    def release(self) -> str:
        """The one whose web server runs."""
        process = self.machine.ask("systemctl", "show", "--property=MainPID", "--value", "petition-web").strip()
        return self.machine.ask("readlink", f"/proc/{process}/cwd").strip().rpartition("/")[2]


@pytest.fixture(scope="package")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    logs = tmp_path_factory.mktemp("debian")
    with machine(logs) as there:
        make_source(there)
        own = {
            "…/petition.git": f"/{SOURCE}",
            "smtp+tls://USER:PASSWORD@mail.example.org:587": f"smtp://127.0.0.1:{MAIL}",
            "age1…": str(Identity.generate().to_public()),
        }
        shell = Shell(there, logs / "shell.log", own)
        try:
            for chapter in list(chapters())[:4]:
                shell.follow(chapter)
            open_campaign(there)
            database = there.ask("cat", "/etc/petition/secrets/database_url").strip()
            site = Debian(
                url=f"https://{HOST}",
                port=free_port(),
                database=database.replace(":5432/", f":{free_port()}/"),
                redis="",
                inbox=logs / "inbox",
                logs=logs,
                children=there.children,
                env={},
                password=PASSWORD,
                codes=CODES[:],
                machine=there,
                shell=shell,
            )
            site.connect()
            yield site
        finally:
            shell.leave()


def start_mail_server(there: Machine, inbox: Path) -> None:
    """Of this machine's, in the network of that one."""
    sink = ("-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Mailbox", str(inbox), "-l", f"127.0.0.1:{MAIL}")
    command = ["nsenter", f"--net=/proc/{there.init}/ns/net", "--", sys.executable, *sink]
    log = there.logs / "mail.log"
    there.children.start("mail server", command, log=log, cwd=there.logs, env=os.environ)
    assert until(lambda: (inbox / "new").is_dir(), 20), log.read_text()


def make_source(there: Machine) -> None:
    """What is committed here, where it can be cloned from."""
    source = there.root / SOURCE
    git = shutil.which("git") or "git"
    subprocess.run([git, "clone", "--quiet", "--bare", "--no-hardlinks", str(ROOT), str(source)], check=True)
    head = subprocess.run([git, "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for command in (("branch", "--force", "trial", head.strip()), ("symbolic-ref", "HEAD", "refs/heads/trial")):
        subprocess.run([git, "-C", str(source), *command], check=True)
    for path in (source, *source.rglob("*")):
        os.chown(path, 0, 0)


def open_campaign(there: Machine) -> None:
    """What staff do in the admin, and an account for one of them."""
    script = (ROOT / "tests/browser/opening.py").read_text(encoding="utf-8")
    as_the_site = (
        "set -a; . /etc/petition/settings; cd /srv/petition/now; exec runuser -u petition -- .venv/bin/python -"
    )
    staff = {"STAFF_NAME": STAFF, "STAFF_PASSWORD": PASSWORD, "STAFF_CODES": " ".join(CODES)}
    there.ask("sh", "-c", f"{as_the_site} {SLUG}", stdin=script, **staff)


@pytest.fixture(scope="package")
def browser(debian: Debian, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """It goes to the machine for the site's name, and takes its certificate as it is."""
    names = f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{debian.port}"
    log = tmp_path_factory.mktemp("chromium") / "install.log"
    with chromium.running(log, names, "--ignore-certificate-errors") as browser:
        yield browser


@pytest.fixture
def site(debian: Debian) -> Debian:
    """Whose copies of the petition are no older than the test before."""
    count = "SELECT count(*) FROM signatures_signature WHERE state = 'confirmed' AND moderation = 'clear'"

    def is_told() -> bool:
        shown = re.findall(r'data-count="(\d+)"', debian.ask_for(f"/es/{SLUG}/").text)
        return [(int(number),) for number in shown] == debian.ask(count)

    assert until(is_told, 60)
    return debian


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def visitors(browser: Browser, debian: Debian, javascript: bool) -> Iterator[Visitors]:
    visitors = Visitors(browser, debian, javascript=javascript)
    yield visitors
    visitors.leave()
