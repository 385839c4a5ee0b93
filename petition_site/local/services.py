"""PostgreSQL and Redis of one clone, for as long as a block lasts; the environment may name others."""

import os
import secrets
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from petition_site.local.postgres import Postgres
from petition_site.local.private import locked, private_directory, write_private
from petition_site.local.processes import Account, Children
from petition_site.local.programs import Program, available, sources, within_reach
from petition_site.local.redis import Redis
from petition_site.local.servers import Place, Server

SERVERS: tuple[type[Server], ...] = (Postgres, Redis)


class LocalServices:
    """`with LocalServices(state_dir) as urls:` runs what the environment does not name, and gives all addresses.

    `durable=False` is faster and loses everything when the machine crashes: for tests.
    """

    def __init__(self, state_dir: Path, durable: bool = True) -> None:
        self.state, self.durable = state_dir.resolve(), durable
        self.children = Children()
        self.programs: list[Program] = []
        self.servers: list[Server] = []
        self._stack = ExitStack()

    def __enter__(self) -> dict[str, str]:
        sources()  # a wrong LOCAL_SERVICES is said even where nothing is to be started
        urls = {server.kind.setting: os.environ.get(server.kind.setting, "") for server in SERVERS}
        missing = [server for server in SERVERS if not urls[server.kind.setting]]
        if missing:
            with ExitStack() as stack:
                urls |= self._start(missing, stack)
                self._stack = stack.pop_all()
        return urls

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, kinds: list[type[Server]], stack: ExitStack) -> dict[str, str]:
        private_directory(self.state)
        logs = private_directory(self.state / "logs")
        stack.enter_context(locked(self.state / "servers.lock", f"The servers in {self.state} are running already."))
        place = _place(self.state / "servers", stack)
        self.servers = [self._best(kind, place) for kind in kinds]
        for server in self.servers:
            server.program = stack.enter_context(within_reach(server.program, place.account, self.state))
            self.programs.append(server.program)
        stack.callback(self.children.stop_all)
        return {
            server.kind.setting: server.start(self.children, logs / f"{server.kind.name.lower()}.log")
            for server in self.servers
        }

    def _best(self, kind: type[Server], place: Place) -> Server:
        """Where there is data it goes on, whatever the machine has got since; else the first program found."""
        servers = [
            kind(program, place, _password(place), durable=self.durable)
            for program in available(kind.kind, place.account)
        ]
        return min(servers, key=lambda server: not server.directory.exists())


def _place(path: Path, stack: ExitStack) -> Place:
    path.mkdir(mode=0o700, exist_ok=True)
    account = None
    if os.geteuid() == 0:
        owner = path.stat()
        account = Account(owner.st_uid, owner.st_gid)
        if account.uid == 0:  # just made
            account = Account.of_servers()
            os.chown(path, *account)
    else:
        private_directory(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    stack.callback(os.close, descriptor)
    return Place(path, account, descriptor)


def _password(place: Place) -> str:
    """The password of both servers, made once: every user of the machine reaches 127.0.0.1."""
    path = place.path / "password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24), owner=place.account)  # initdb reads it
    return path.read_text()
