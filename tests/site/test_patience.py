"""How long a thread waits for PostgreSQL: a request no longer than it may, whoever else as long as it takes."""

from collections.abc import Callable, Iterable
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction

from petition_site.database import patience as room
from petition_site.database.patience import Door, limited
from petition_site.doctor.findings import examine
from petition_site.local.processes import until
from tests.helpers import elsewhere

pytestmark = pytest.mark.django_db(transaction=True)
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%' AND state = 'active'"


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STATEMENTS", 2.0)
    monkeypatch.setattr(room, "door", Door())


def request(view: Callable[[], Iterable[bytes]]) -> Iterable[bytes]:
    return limited(lambda environ, start_response: view())({}, lambda *_: None)


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_a_request_gives_up_in_the_midst_of_a_transaction_and_postgresql_with_it() -> None:
    def view() -> list[bytes]:
        with transaction.atomic():
            sleep(0)
            sleep(60)
        return []

    def two_requests() -> list[bytes]:
        with pytest.raises(OperationalError):
            request(view)
        connection.close()
        return list(request(lambda: [str(sleep(0)).encode()]))

    assert elsewhere(two_requests) == [b"None"]
    with connection.cursor() as cursor:
        assert until(lambda: cursor.execute(SLEEPING).fetchone() == (0,), 10)


def test_the_statements_of_a_request_have_so_much_together_and_those_of_a_stream_each() -> None:
    def view() -> list[bytes]:
        for _ in range(5):
            sleep(0.5)
        return []

    def streamed() -> Iterable[bytes]:
        for _ in range(5):
            sleep(0.5)
            yield b"."

    def requests() -> bytes:
        with pytest.raises(OperationalError):
            request(view)
        connection.close()  # as Django does at the next request
        return b"".join(request(streamed))

    assert elsewhere(requests) == b"....."


def test_who_serves_no_request_has_all_the_time_it_needs() -> None:
    assert elsewhere(lambda: sleep(2.5)) is None


def test_who_has_looked_with_the_patience_of_a_request_has_all_the_time_again() -> None:
    assert elsewhere(lambda: [*examine(lambda: iter(())), sleep(2.5)]) == [None]


def test_while_postgresql_answers_to_nobody_one_asks_and_the_others_do_not_wait() -> None:
    """It is known by silence from the first statement on: one that waits after others is nobody else's matter."""

    def silence() -> None:
        with pytest.raises(OperationalError):
            request(lambda: [str(sleep(60)).encode()])

    def a_lock() -> None:
        with pytest.raises(OperationalError):
            request(lambda: [str(sleep(seconds)).encode() for seconds in (0, 60)])

    def opens() -> bool:
        try:
            with closing(connection.copy()) as another:
                request(lambda: [bytes(another.cursor().execute("SELECT 1") is None)])
        except OperationalError:
            return False
        return True

    elsewhere(a_lock)
    assert elsewhere(opens)
    elsewhere(lambda: connection.ensure_connection() or silence())
    assert not elsewhere(opens)
    room.door.closed_until = 1.0  # long ago
    assert elsewhere(opens)
    assert elsewhere(opens)


def test_what_asks_postgresql_nothing_is_no_answer_of_it() -> None:
    """As where a pooler has let somebody in, and what follows is only noted on this side."""

    def view() -> list[bytes]:
        connection.ensure_connection()
        room.patience.has_heard = False
        connection.connection.set_autocommit(True)
        before = room.patience.has_heard
        sleep(0)
        return [repr((before, room.patience.has_heard)).encode()]

    assert elsewhere(lambda: list(request(view))) == [b"(False, True)"]
