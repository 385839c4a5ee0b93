"""A streaming replica of a PostgreSQL, as sites have it that are read much."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from petition_site.local.postgres import FORGETFUL, QUIET, Postgres
from petition_site.local.processes import Account, Child, Children, until
from petition_site.local.servers import ENVIRONMENT, free_port
from tests.missing import give_up


@dataclass
class Replica:
    url: str
    command: list[str | Path]
    account: Account | None
    directory: Path
    children: Children
    child: Child | None = None

    def start(self) -> None:
        log = self.directory / "log"
        options = {"log": log, "cwd": Path("/"), "env": ENVIRONMENT, "account": self.account}
        self.child = self.children.start("replica", self.command, stop_by=Postgres.stop_by, **options)
        assert until(self.follows, 30), log.read_text()

    def follows(self) -> bool:
        try:
            return self.ask("SELECT count(*) FROM pg_stat_wal_receiver") == [(1,)]
        except psycopg.OperationalError:
            return False

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def replica_of(primary: Postgres, url: str) -> Iterator[Replica]:
    """It runs, and has all that the primary has. `url` is the primary's, of the database that is read."""
    copier = primary.program.server.with_name("pg_basebackup")
    if not copier.exists():
        give_up("there is no pg_basebackup beside this PostgreSQL (Debian: postgresql)")
    directory = Path(tempfile.mkdtemp(prefix="petition-replica-"))
    account = Account.of_servers() if directory.owner() == "root" else None
    if account:
        shutil.chown(directory, *account)
    children, port = Children(), free_port()
    copy = [copier, "--pgdata", directory / "data", "--dbname", url, "--write-recovery-conf", "--checkpoint=fast"]
    settings = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **QUIET, **FORGETFUL}
    command = [primary.program.server, "-D", directory / "data", *(f"--{name}={at}" for name, at in settings.items())]
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))
    try:
        log = directory / "copying"
        children.wait_for(
            children.start("pg_basebackup", copy, log=log, cwd=Path("/"), env=ENVIRONMENT, account=account)
        )
        replica = Replica(address, command, account, directory, children)
        replica.start()
        yield replica
    finally:
        children.stop_all()
        shutil.rmtree(directory)
