"""PostgreSQL for one clone: one data directory per major version, on 127.0.0.1 only, and nobody's data in its log."""

import shutil
import signal
from pathlib import Path

from petition_site.local.processes import Child, Children
from petition_site.local.programs import POSTGRES
from petition_site.local.servers import ENVIRONMENT, Server

QUIET = {
    "log_line_prefix": "%m [%p] %d ",  # when, which process, which database
    # What people type must not reach the log: neither the statement that failed nor the values that came with it.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    # Nor, where somebody has statements logged after all, the values that travel beside each.
    "log_parameter_max_length": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}
# Nor the row that an error is about. Tests leave this out: they look whether there would be something to hide.
TERSE = {"log_error_verbosity": "terse"}
# For tests, whose data nobody wants back.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


class Postgres(Server):
    kind = POSTGRES
    stop_by = signal.SIGINT  # fast: breaks connections off, but writes everything down
    patience = 30

    @property
    def directory(self) -> Path:
        return self.place.path / f"pgdata-{self.program.major}"

    @property
    def started_in(self) -> Path:
        # Up to 15 it looks for its own program elsewhere and then wants to go back, where its user may not.
        return Path("/")

    @property
    def pid_file(self) -> Path:
        return self.directory / "postmaster.pid"

    def make_directory(self, children: Children, log: Path) -> None:
        """Made beside its place and then renamed, so that a half-made one is never taken for a whole."""
        unfinished = self.directory.with_suffix(".tmp")
        shutil.rmtree(unfinished, ignore_errors=True)
        # The locale of the database must not depend on the machine: from 17 PostgreSQL brings it itself.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        seen = self.place.as_the_servers_see_it
        initdb = children.start(
            "initdb",
            [
                self.program.server.with_name("initdb"),
                f"--pgdata={seen / unfinished.name}",
                f"--pwfile={seen / 'password'}",
                "--username=petition",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--data-checksums",
                *(builtin if self.program.major >= 17 else ["--locale=C.UTF-8"]),
                *([] if self.durable else ["--no-sync"]),
            ],
            log=log,
            cwd=self.started_in,
            env=ENVIRONMENT,
            account=self.place.account,
            pass_fds=self.place.pass_fds,
        )
        children.wait_for(initdb)
        unfinished.rename(self.directory)

    def command(self, port: int) -> list[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            # No socket file: a deep clone makes its path too long, and everything here speaks TCP.
            "unix_socket_directories": "",
            **QUIET,
            **(TERSE if self.durable else FORGETFUL),
        }
        data = self.place.as_the_servers_see_it / self.directory.name
        return [self.program.server, "-D", data, *(f"--{name}={value}" for name, value in settings.items())]

    def is_ready(self, child: Child, port: int) -> bool:
        try:
            lines = self.pid_file.read_text().splitlines()
        except FileNotFoundError:
            return False
        # The eighth line is the server's word on how far it is.
        return len(lines) > 7 and lines[0] == str(child.process.pid) and lines[7].strip() == "ready"

    def url(self, port: int) -> str:
        return f"postgresql://petition:{self.password}@127.0.0.1:{port}/postgres"
