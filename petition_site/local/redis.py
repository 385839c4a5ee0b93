"""Redis for one clone, or Valkey in its place: on 127.0.0.1 only, with a password, its data in an append-only file."""

import signal
import socket
from contextlib import suppress
from pathlib import Path

from petition_site.local.processes import Child, Children
from petition_site.local.programs import REDIS
from petition_site.local.servers import Server


class Redis(Server):
    kind = REDIS
    stop_by = signal.SIGTERM

    @property
    def directory(self) -> Path:
        # Neither reads the other's files, nor those of a newer version.
        return self.place.path / f"{self.program.server.name.removesuffix('-server')}-{self.program.major}"

    @property
    def pid_file(self) -> Path:
        return self.directory / "server.pid"

    def make_directory(self, children: Children, log: Path) -> None:
        self.directory.mkdir(mode=0o700)
        self.place.give(self.directory)

    def command(self, port: int) -> list[str | Path]:
        return [self.program.server, "-"]

    def stdin(self, port: int) -> bytes:
        """Its configuration, by a way on which no other user can read the password."""
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self.password}",
            "pidfile server.pid",
            "maxmemory-policy noeviction",
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
        ]
        return "\n".join([*lines, ""]).encode()

    def is_ready(self, child: Child, port: int) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as answer:
                return [answer.readline(), answer.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        return False

    def url(self, port: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{port}/0"
