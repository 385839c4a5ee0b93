"""The images and the compose file, built and run for real: a signature goes in, and what was promised of it holds.

`make containers` runs it where Docker is; it takes some minutes.
"""

import re
import subprocess
from collections.abc import Iterator

import pytest

from petition_site.local.processes import until
from tests.browser.site import ROOT, SLUG
from tests.containers.trial import DOCKER, Answer, Trial, fields_of, trial
from tests.missing import give_up

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("containers")]

PAGE = f"/es/{SLUG}/"
NAME, EMAIL = "Rosa Ejemplo", "rosa.ejemplo@example.net"
# Into memory, and where backups lie.
WRITABLE = {"web": {"/tmp"}, "worker": {"/tmp", "/backups"}, "beat": {"/tmp"}}
SERVICES = ("proxy", "web", "worker", "beat", "db", "redis")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """With the Peru campaign open in it."""
    if not DOCKER or subprocess.run([DOCKER, "compose", "ls"], capture_output=True).returncode:
        give_up("This needs Docker, its compose plugin and a daemon that answers.")
    with trial(tmp_path_factory.mktemp("containers")) as up:
        manage = ("exec", "--no-TTY", "web", "python", "manage.py")
        up.compose(*manage, "load_campaign", SLUG)
        opening = (ROOT / "tests/browser/opening.py").read_text(encoding="utf-8")
        staff = ("--env", "STAFF_NAME=moderator", "--env", "STAFF_PASSWORD=of-the-trial-only")
        up.compose("exec", "--no-TTY", *staff, "web", "python", "-", SLUG, stdin=opening)
        yield up


def sign(site: Trial) -> Answer:
    page = site.ask("GET", PAGE)
    assert page.status == 200
    form = fields_of(page.text) | {
        "name": NAME,
        "email": EMAIL,
        "country": "PE",
        "visibility": "delivered",
        "consent": "on",
    }
    return site.ask("POST", f"{PAGE}sign/", form, Origin="https://petition.example.org")


def count(site: Trial) -> int:
    psql = ("exec", "--no-TTY", "db", "psql", "--username", "petition", "--tuples-only", "--command")
    query = "SELECT count(*) FROM signatures_signature WHERE state = 'confirmed' AND moderation = 'clear'"
    return int(site.compose(*psql, query))


def test_a_signature_goes_all_the_way_through_the_containers(site: Trial) -> None:
    signed = sign(site)
    assert (signed.status, signed.headers["location"].startswith(f"{PAGE}check-email/")) == (303, True)

    assert until(lambda: len(site.letters_to(EMAIL)) == 1, 60)
    [letter] = site.letters_to(EMAIL)
    body = letter.get_body(("plain",))
    assert body is not None
    [path] = re.findall(r"https://petition\.example\.org(/es/confirm/\S+)", body.get_content())
    shown = site.ask("GET", path)
    assert (shown.status, count(site)) == (200, 0)
    confirmed = site.ask("POST", path, fields_of(shown.text), Origin="https://petition.example.org")

    assert (confirmed.status, count(site)) == (303, 1)
    access_log = site.compose("logs", "--no-log-prefix", "proxy")
    assert f"GET {PAGE} 200" in access_log
    assert "POST /es/confirm/... 303" in access_log
    logs = site.compose("logs", "--no-log-prefix")
    token = path.split("/")[3]
    secrets = [file.read_text().strip() for file in (site.folder / "secrets").iterdir()]
    for not_to_be_said in (NAME, EMAIL, token, *secrets):
        assert not_to_be_said not in logs
    assert not re.search(r"\b(?:\d+\.){3}\d+\b.* (?:GET|POST) ", access_log)


def test_every_part_is_healthy_and_has_no_rights_it_does_not_need(site: Trial) -> None:
    for service in SERVICES:
        told = site.inspect(service)
        assert told["State"]["Health"]["Status"] == "healthy", service
        host = told["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert host["Memory"] > 0, service
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service
    for service, places in WRITABLE.items():
        assert site.compose("exec", "--no-TTY", service, "id", "--user").strip() == "10001"
        writable = "find / -xdev -writable -not -path '/proc/*' -not -path '/dev/*' 2>/dev/null || true"
        assert set(site.compose("exec", "--no-TTY", service, "sh", "-c", writable).split()) == places


def test_secrets_are_in_no_environment_and_no_layer(site: Trial) -> None:
    values = [path.read_text().strip() for path in (site.folder / "secrets").iterdir()]
    assert len(values) == 5
    told = "".join(str(site.inspect(service)) for service in (*SERVICES, "migrate"))
    history = subprocess.run(
        [DOCKER, "history", "--no-trunc", "petition-site:trial"], env=site.env, capture_output=True, text=True
    ).stdout
    assert "gunicorn" in history
    for value in values:
        assert value not in told + history


def test_the_migration_ends_before_web_begins(site: Trial) -> None:
    migrated, web = site.inspect("migrate"), site.inspect("web")

    assert migrated["State"]["ExitCode"] == 0
    assert migrated["State"]["FinishedAt"] < web["State"]["StartedAt"]


def test_a_backup_is_made(site: Trial) -> None:
    site.compose("run", "--rm", "--no-TTY", "backup")

    [name] = site.compose("exec", "--no-TTY", "worker", "sh", "-c", "ls /backups | grep ^backup-").split()
    assert name.endswith(".age")


def test_a_site_that_is_replaced_is_found_again_and_copies_stand_in_meanwhile(site: Trial) -> None:
    """The new container has another address; the page is shown while there is none."""
    privacy = f"{PAGE}privacy/"
    assert site.ask("GET", privacy).status == 200
    site.compose("stop", "web")
    away = site.ask("GET", privacy)
    site.compose("up", "--detach", "--no-build", "--wait", "--force-recreate", "--no-deps", "web")

    assert away.status == 200
    assert until(lambda: site.ask("GET", "/healthz").status == 200, 30)
    assert sign(site).status == 303
