"""Databases that are made once for a run of the tests, on its server, and then copied, which takes a tenth of a second.

`tests/services.py` names them in the environment, and drops them when the run ends.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
ORIGINALS = "TEST_ORIGINALS"  # in the environment: an address, with what the names of all of them begin


def address(name: str) -> str:
    """Of a database on the server of DATABASE_URL."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def tell(statement: str, *names: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def prefix() -> str:
    """Empty where DATABASE_URL is now that of another server, which some tests have for themselves."""
    name = urlsplit(os.environ.get(ORIGINALS, "")).path[1:]
    return name if name and os.environ[ORIGINALS] == address(name) else ""


def original(kind: str, make: Callable[[str], None], *, begun_as: str = "template1") -> str:
    """The name of the database of that kind. Whoever comes first makes it; other processes wait.

    `make` fills the copy of `begun_as` whose name it is given, and leaves no connection to it.
    """
    name = f"{prefix()}_{kind}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        # Until the connection ends, also where the making fails.
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            unfinished = f"{prefix()}_{secrets.token_hex(4)}"
            tell("CREATE DATABASE {} TEMPLATE {}", unfinished, begun_as)
            make(unfinished)
            tell("ALTER DATABASE {} RENAME TO {}", unfinished, name)
    return name


def migrated() -> str:
    """As `migrate` leaves an empty one."""

    def migrate(name: str) -> None:
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "petition_site.settings", "DATABASE_URL": address(name)}
        command = [sys.executable, "-W", "ignore", "manage.py", "migrate", "--noinput", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=env, check=True)

    return original("migrated", migrate)


@contextmanager
def room_for_originals() -> Iterator[str]:
    """An address for the environment, for as long as the run lasts."""
    begin = f"original_{secrets.token_hex(4)}"
    yield address(begin)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        made = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [begin]).fetchall()
    for (name,) in made:
        tell("DROP DATABASE {}", name)
