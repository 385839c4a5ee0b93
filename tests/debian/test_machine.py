"""What is promised of the machine besides: who can reach what, who can read and write what, and how it goes on."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from petition_site.local.processes import until
from tests.browser.site import SLUG
from tests.debian.conftest import LIVE, SOURCE, Debian
from tests.debian.machine import MAIL, PROXY

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("debian")]

PAGE = f"/es/{SLUG}/"
SERVICES = ("petition-web", "petition-worker", "petition-beat", "nginx", "redis-server", "postgresql@*")
SECRETS = ("secret_key", "address_key", "database_url")


def main_process(debian: Debian, service: str) -> str:
    return debian.machine.ask("systemctl", "show", "--property=MainPID", "--value", service).strip()


def is_replaced(debian: Debian, service: str, process: str) -> bool:
    return main_process(debian, service) not in ("0", process)


@contextmanager
def visitors_meanwhile(debian: Debian) -> Iterator[list[int]]:
    """Somebody asks for what no copy stands in for, again and again; what they were answered."""
    statuses: list[int] = []
    is_over = Event()

    def go_on() -> None:
        while not is_over.wait(0.05):
            statuses.append(debian.ask_for("/readyz").status)

    thread = Thread(target=go_on)
    thread.start()
    yield statuses
    is_over.set()
    thread.join()


def test_every_part_runs_and_is_watched(debian: Debian) -> None:
    failed = debian.machine.ask("systemctl", "--failed", "--no-legend", "--plain")
    running = debian.machine.ask("systemctl", "is-active", *SERVICES).split()

    assert failed == ""
    assert running == ["active"] * len(SERVICES)
    assert debian.ask_for("/readyz").text == '{"database": true, "redis": true}'
    wanted = ("petition-web.socket", "petition-web", "petition-worker", "petition-beat", "nginx", "redis-server")
    assert debian.machine.ask("systemctl", "is-enabled", *wanted, "postgresql").split() == ["enabled"] * 7


def test_only_nginx_can_be_reached_from_outside(debian: Debian) -> None:
    told = debian.machine.ask("ss", "--listening", "--tcp", "--udp", "--numeric", "--no-header")
    listening = {line.split()[4].rpartition(":")[::2] for line in told.splitlines()}
    outside = {(host, port) for host, port in listening if host not in ("127.0.0.1", "[::1]")}
    of_the_trial = {str(PROXY), str(MAIL)}

    assert outside == {(host, port) for host in ("0.0.0.0", "[::]") for port in ("80", "443")}
    assert {port for _, port in listening - outside} - of_the_trial == {"5432", "6379", "8000"}


def test_nobody_else_reads_a_secret_and_none_lies_about(debian: Debian) -> None:
    values = [(debian.machine.root / "etc/petition/secrets" / name).read_text().strip() for name in SECRETS]
    password = values[2].split(":")[2].split("@")[0]
    assert min(len(value) for value in (*values, password)) >= 50
    reach = debian.machine.ask("runuser", "-u", "nobody", "--", "sh", "-c", "cat /etc/petition/*/* 2>&1 || true")
    assert reach.strip() == "cat: '/etc/petition/*/*': Permission denied"

    everywhere = (
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; journalctl --no-pager; systemctl show 'petition-*';"
        " find /srv /var/log /run /tmp /etc/systemd -xdev -type f -size -20M -exec cat {} +"
    )
    told = debian.machine.ask("sh", "-c", f"({everywhere}) 2>/dev/null | tr -d '\\0' || true")
    # There is something that they could stand in.
    assert "SECRET_KEY_FILE=/etc/petition/secrets/secret_key" in told
    for value in (*values[:2], password):
        assert value not in told


@pytest.mark.parametrize(
    ("service", "places"),
    [
        ("petition-web", {"/tmp", "/var/tmp"}),
        ("petition-worker", {"/tmp", "/var/tmp", "/var/backups/petition"}),
        ("petition-beat", {"/tmp", "/var/tmp"}),
    ],
    ids=["web", "worker", "beat"],
)
def test_the_site_writes_nowhere_but_into_memory(debian: Debian, service: str, places: set[str]) -> None:
    debian.backups_set_up()
    process = main_process(debian, service)
    into = (
        "nsenter",
        f"--target={process}",
        "--mount",
        "--root",
        "--",
        "setpriv",
        "--reuid=petition",
        "--regid=petition",
    )
    kernels = "\\( -path /proc -o -path /dev -o -path /sys \\) -prune"
    search = f"find / {kernels} -o -writable ! -type l ! -type s -print 2>/dev/null || true"
    writable = debian.machine.ask(*into, "--clear-groups", "sh", "-c", search).splitlines()
    outermost = {path for path in writable if not any(path.startswith(f"{place}/") for place in places)}

    assert outermost == places
    told = debian.machine.ask("cat", f"/proc/{process}/status")
    assert re.findall(r"^(?:NoNewPrivs|CapBnd|CapEff):\t(\S+)", told, re.MULTILINE) == ["0" * 16, "0" * 16, "1"]


def test_access_is_logged_without_who_and_which_words(debian: Debian) -> None:
    debian.ask_for(f"{PAGE}?email=rosa@example.org")
    debian.ask_for("/es/confirm/12:sEcReT/")

    def log() -> str:
        return debian.machine.ask("journalctl", "--no-pager", "--output=cat", "--unit=nginx")

    assert until(lambda: f"GET {PAGE} 200" in log() and "GET /es/confirm/... 404" in log(), 10), log()
    assert [word for word in ("rosa@example.org", "sEcReT", "127.0.0.1") if word in log()] == []


def test_what_ends_is_started_again(debian: Debian) -> None:
    for service in ("petition-web", "petition-worker", "petition-beat", "nginx"):
        process = main_process(debian, service)
        debian.machine.ask("systemctl", "kill", "--signal=KILL", service)
        assert until(partial(is_replaced, debian, service, process), 60), service
    assert until(debian.answers, 60)


def test_a_reload_takes_new_processes_and_fails_no_request(debian: Debian) -> None:
    main = main_process(debian, "petition-web")

    def workers() -> set[str]:
        return set(debian.machine.ask("cat", f"/proc/{main}/task/{main}/children").split())

    before = workers()
    with visitors_meanwhile(debian) as statuses:
        debian.machine.ask("systemctl", "reload", "petition-web")
        assert until(lambda: len(workers()) == 2 and not workers() & before, 60)
        seen = len(statuses)
        assert until(lambda: len(statuses) > seen + 5, 30)

    assert main_process(debian, "petition-web") == main
    assert set(statuses) == {200}


def test_a_backup_is_made_and_sealed(debian: Debian) -> None:
    debian.backups_set_up()
    [backup] = (debian.machine.root / "var/backups/petition").glob("backup-*.age")

    assert backup.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert backup.stat().st_mode & 0o077 == 0
    assert "petition-backup.timer" in debian.machine.ask("systemctl", "list-timers", "--no-legend")


def test_a_renewed_certificate_is_handed_over(debian: Debian) -> None:
    live = debian.machine.root / LIVE
    live.mkdir(parents=True)
    (debian.machine.root / "etc/letsencrypt/renewal-hooks/deploy").mkdir(parents=True, exist_ok=True)
    into = ("-keyout", f"/{LIVE}/privkey.pem", "-out", f"/{LIVE}/fullchain.pem", "-subj", "/CN=renewed.example.org")
    debian.machine.ask("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", *into)
    [renewed] = {(live / "fullchain.pem").read_text()} - {debian.certificate()}
    debian.shell.follow("5. The certificate, the doctor, the campaign")

    assert until(lambda: debian.certificate() == renewed, 20)
    assert (debian.machine.root / "etc/petition/tls/privkey.pem").stat().st_mode & 0o777 == 0o600


def test_a_release_takes_the_place_of_another_and_can_be_taken_back_and_no_request_fails(debian: Debian) -> None:
    debian.backups_set_up()
    first, second = debian.release(), commit(debian.machine.root / SOURCE)
    upgrade, back = (debian.shell.blocks("Upgrade, and back")[number] for number in (0, 1))
    with visitors_meanwhile(debian) as statuses:
        debian.shell.run(upgrade)
        assert debian.release() == second[:12]
        debian.shell.run(back)
        assert debian.release() == first

    assert len(statuses) > 50
    assert set(statuses) == {200}
    [_, newest] = sorted((debian.machine.root / "var/backups/petition").glob("backup-*.age"))
    assert newest.stat().st_size > 1000


def test_after_a_power_cut_it_comes_up_by_itself_with_what_was_in_it(debian: Debian) -> None:
    everything = "SELECT count(*), max(id) FROM signatures_signature"
    before = debian.ask(everything)
    debian.machine.cut_power()
    debian.machine.boot()
    debian.connect()

    assert until(debian.answers, 60)
    assert debian.ask(everything) == before
    assert debian.machine.ask("systemctl", "is-active", *SERVICES).split() == ["active"] * len(SERVICES)


def commit(source: Path) -> str:
    """A release that differs in nothing."""
    git = (
        shutil.which("git") or "git",
        "-C",
        str(source),
        "-c",
        "user.name=Trial",
        "-c",
        "user.email=trial@example.org",
    )
    tree = ("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Another one")
    made = subprocess.run([*git, *tree], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run([*git, "update-ref", "refs/heads/trial", made], check=True)
    return made
