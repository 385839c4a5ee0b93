"""PgBouncer in transaction mode before a PostgreSQL, as sites with many processes have it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from petition_site.local.processes import Account, Children, until
from petition_site.local.servers import ENVIRONMENT, answers, free_port

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@contextmanager
def pgbouncer(database: str) -> Iterator[str]:
    """The address by which one gets to that database through it; any other of the same server likewise."""
    server, port, children = urlsplit(database), free_port(), Children()
    directory = Path(tempfile.mkdtemp(prefix="petition-bouncer-"))
    account = Account.of_servers() if directory.owner() == "root" else None
    log = directory / "log"
    (directory / "users").write_text(f'"{server.username}" "{server.password}"\n')
    (directory / "ini").write_text(f"""
[databases]
* = host={server.hostname} port={server.port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {directory / "users"}
pool_mode = transaction
default_pool_size = 4
""")
    if account:
        for path in (directory, *directory.iterdir()):
            shutil.chown(path, *account)
    try:
        command = [str(PROGRAM), str(directory / "ini")]
        children.start("pgbouncer", command, log=log, cwd=directory, env=ENVIRONMENT, account=account)
        assert until(lambda: answers(port), 20), log.read_text()
        at = f"{server.username}:{server.password}@127.0.0.1:{port}"
        yield urlunsplit(server._replace(netloc=at))
    finally:
        children.stop_all()
        shutil.rmtree(directory)
