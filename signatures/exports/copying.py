"""COPY's own stream out of one snapshot, in large pieces of whole lines, over a connection of its own.

Psycopg hands each line over by itself, which takes longer than PostgreSQL takes to write it; asyncpg takes, in C, all
that has arrived. Its event loop turns only while somebody waits for the next piece: in between nothing is read, and
PostgreSQL waits once the buffers of the line are full, so that a slow reader makes nobody hold the list.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import asyncpg
from django.conf import settings
from django.db import DatabaseError, connection

PIECE = 128 * 1024  # bytes, at the least, of all but the last
WAKE_EVERY = 0.2  # seconds, after which an empty piece comes where there is nothing to read yet
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
LEAVE_WITHIN = 1  # second, for a word of good-bye
# What of libpq's parameters asyncpg reads in an address; all others there it would send to the server as settings.
CARRIED = {
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "target_session_attrs",
    "krbsrvname",
    "options",
    "application_name",
}
# What may stay behind: nobody is promised anything by it.
DROPPED = {
    "client_encoding",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "passfile",
    "prepare_threshold",
    "server_side_binding",
    "tcp_user_timeout",
}


class Snapshot:
    """One moment of the database: whatever is read out of it belongs together."""

    def __init__(self, runner: asyncio.Runner, line: asyncpg.Connection) -> None:
        self._runner, self._loop, self._line = runner, runner.get_loop(), line
        self._copying: asyncio.Task[str] | None = None
        self.copied = 0  # rows, once the copy has come to its end

    def count(self, query: str) -> int:
        with without_its_words():
            return int(self._runner.run(self._line.fetchval(query)))

    def copy(self, query: str, delimiter: str) -> Iterator[bytes]:
        """CSV with a heading. Each piece ends where a line ends; it is empty where there is nothing yet."""
        read = bytearray()

        async def take(piece: bytearray) -> None:
            read.extend(piece)
            if len(read) >= PIECE:
                self._loop.stop()  # nothing more is read until it turns again

        async def copying() -> str:
            options = {"format": "csv", "header": True, "delimiter": delimiter}
            try:
                return str(await self._line.copy_from_query(query, output=take, **options))
            finally:
                self._loop.stop()

        self._copying = self._loop.create_task(copying())
        self._copying.add_done_callback(lambda done: done.cancelled() or done.exception())  # asyncio logs it otherwise
        while not self._copying.done():
            turn(self._loop, WAKE_EVERY)
            piece = bytes(read)
            read.clear()
            yield piece
        with without_its_words():
            self.copied = int(self._copying.result().rpartition(" ")[2])

    def leave(self) -> None:
        """A copy that is still under way is cancelled, so that PostgreSQL sorts for nobody."""
        if self._copying and self._copying.cancel():
            turn(self._loop, LEAVE_WITHIN)
        with suppress(*BROKEN):
            self._runner.run(self._line.close(timeout=LEAVE_WITHIN))
        self._line.terminate()


def turn(loop: asyncio.AbstractEventLoop, most: float) -> None:
    """Until somebody stops it, and no longer than so many seconds."""
    stopping = loop.call_later(most, loop.stop)
    loop.run_forever()
    stopping.cancel()


@contextmanager
def snapshot(zone: str) -> Iterator[Snapshot]:
    """Opens a connection of its own and closes it at the end, whatever is under way on it.

    Everything happens in one transaction, so that it works behind a pooler too. Raises DatabaseError without a word of
    the server's: those may hold a value.
    """
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        with without_its_words():
            line = runner.run(opened(zone, parameters()))
        moment = Snapshot(runner, line)
        try:
            yield moment
            with without_its_words():
                runner.run(line.execute("COMMIT"))
        finally:
            moment.leave()


async def opened(zone: str, where: dict[str, Any]) -> asyncpg.Connection:
    line = await asyncpg.connect(**where)
    try:
        await line.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await line.execute(f"SET LOCAL TIME ZONE '{zone}'")
    except BaseException:
        line.terminate()
        raise
    return line


def parameters() -> dict[str, Any]:
    """Where Django's connection leads, as asyncpg takes it: with its TLS, and nothing kept between transactions."""
    connection.ensure_connection()
    info = connection.connection.info
    carried = {name: value for name, value in info.get_parameters().items() if name in CARRIED}
    where: dict[str, Any] = {
        "host": info.host,
        "port": info.port,
        "user": info.user,
        "password": info.password or None,
        "database": info.dbname,
        "statement_cache_size": 0,
        "timeout": float(settings.DATABASES["default"]["OPTIONS"]["connect_timeout"]),
    }
    if carried.get("sslrootcert") == "system":
        where["ssl"] = ssl.create_default_context()
        carried = {name: value for name, value in carried.items() if not name.startswith("ssl")}
    return where | {"dsn": f"postgresql://?{urlencode(carried)}"}


def not_carried() -> list[str]:
    """What DATABASE_URL demands and this connection would not keep, such as how one has to log in."""
    return sorted(settings.DATABASES["default"]["OPTIONS"].keys() - CARRIED - DROPPED)


@contextmanager
def without_its_words() -> Iterator[None]:
    try:
        yield
    except BROKEN:
        raise DatabaseError("PostgreSQL broke the list off.") from None
