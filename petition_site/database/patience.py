"""No request waits for PostgreSQL longer than three seconds in all, whatever has become of it.

PostgreSQL keeps no limit of its own (statement_timeout) while it is frozen or the line is dead, and behind a pooler no
setting of a session lasts. So the process looks at the clock. Commands and workers have all the time they need.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.waiting import Wait

RV = TypeVar("RV")
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

STATEMENTS = 2.5  # seconds for all of a request; the rest of three is for cancelling, and for the page that says so
CONNECTING = 2  # seconds: libpq knows no less
CANCELLING = 0.25  # seconds
PAUSE = 3  # seconds for which nobody but one asks again, after one has got no answer at all


class Patience(threading.local):
    """That of one thread."""

    is_limited = False
    left = STATEMENTS  # seconds
    is_for_all = False  # whether what is left goes from one statement to the next, as within a request
    # Of this request: may it ask, and has it got an answer? Who has got one and then waits may wait for a lock.
    may_ask = has_heard = False

    def begin(self) -> None:
        self.is_limited, self.left, self.is_for_all = True, STATEMENTS, True
        self.may_ask = self.has_heard = False

    def go_on(self) -> None:
        """After the request: each statement of what it streams has as much for itself."""
        self.left, self.is_for_all = STATEMENTS, False

    def end(self) -> None:
        """Nobody waits for a page any more."""
        self.is_limited = False

    def spend(self, seconds: float) -> None:
        if self.is_for_all:
            self.left = max(0.0, self.left - seconds)


class Door:
    """PostgreSQL as a process finds it: while it answers to nobody, one thread asks, and the others do not wait."""

    def __init__(self) -> None:
        self.closed_until = 0.0  # 0: open. A race between threads costs one question more.

    def enter(self) -> None:
        """Raises OperationalError where it was found closed, or where somebody is trying."""
        if patience.may_ask:
            return
        now = monotonic()
        if now < self.closed_until:
            raise errors.ConnectionTimeout("PostgreSQL did not answer a moment ago.")
        if self.closed_until:
            self.closed_until = now + STATEMENTS + PAUSE
        patience.may_ask = True

    def is_answered(self) -> None:
        self.closed_until, patience.has_heard = 0.0, True

    def stays_silent(self) -> None:
        if not patience.has_heard:
            self.closed_until = monotonic() + PAUSE


class Ajar(Door):
    """A replica's: its silence says nothing of the primary, which is asked in its place."""

    def enter(self) -> None:
        pass

    def is_answered(self) -> None:
        pass

    def stays_silent(self) -> None:
        pass


patience = Patience()
door = Door()
ajar = Ajar()


def limited(application: WSGI) -> WSGI:
    """A web application, no request of which waits longer."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        patience.begin()
        try:
            return application(environ, start_response)
        finally:
            patience.go_on()

    return answer


class Connection(psycopg.Connection[Any]):
    most: float = STATEMENTS  # seconds for each
    is_replica = False

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        """`patience`, which libpq knows nothing of, is how many seconds each statement of a replica may take."""
        most = kwargs.pop("patience", None)
        is_replica = most is not None
        connection = cls.connect_in_time(conninfo, is_replica=is_replica, **kwargs)
        connection.most, connection.is_replica = most if is_replica else STATEMENTS, is_replica
        return connection

    @classmethod
    def connect_in_time(cls, conninfo: str, *, is_replica: bool, **kwargs: Any) -> Self:
        if not patience.is_limited:
            return super().connect(conninfo, **kwargs)
        # It took that long to learn that the last connection is of no use. After a replica, the primary is to be asked.
        if patience.left < STATEMENTS - (0.25 if is_replica else 1):
            raise errors.ConnectionTimeout("PostgreSQL has not answered for too long.")
        here = ajar if is_replica else door
        here.enter()
        begun = monotonic()
        try:
            # That it succeeds says nothing yet: a pooler may have answered.
            return super().connect(conninfo, **kwargs | {"connect_timeout": CONNECTING})
        except errors.ConnectionTimeout:
            here.stays_silent()
            raise
        except psycopg.Error:
            here.is_answered()  # it says no at once
            raise
        finally:
            patience.spend(monotonic() - begun)

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Raises OperationalError once patience is at its end, and is closed then: what comes late is for nobody."""
        if not patience.is_limited:
            return super().wait(gen, interval, timeout)
        here = ajar if self.is_replica else door
        here.enter()
        try:
            wanted = next(gen)
        except StopIteration as done:  # nothing was to be asked, as where autocommit is switched on
            return done.value  # type: ignore[no-any-return]
        begun = monotonic()
        try:
            answer = super().wait(resumed(wanted, gen), interval, min(self.most, patience.left))
        except errors._WaitTimeout:
            here.stays_silent()
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCELLING)  # as far as it listens, it need not go on
            self.close()
            raise psycopg.OperationalError("PostgreSQL took too long.") from None
        finally:
            patience.spend(monotonic() - begun)
        here.is_answered()
        return answer


def resumed(wanted: Wait, gen: PQGen[RV]) -> PQGen[RV]:
    """The same, where it has said already what it waits for."""
    while True:
        ready = yield wanted
        try:
            wanted = gen.send(ready)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
