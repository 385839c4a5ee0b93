"""No two jobs wait for each other by a number that they share."""

from pathlib import Path
from threading import Thread

import pytest
from django.db import connections, transaction

import signatures
from signatures import locks, services
from signatures.locks import Lock


def test_all_locks_are_named_in_one_place_and_differ() -> None:
    rooms = Path(signatures.__file__).parent.rglob("*.py")

    assert {room.name for room in rooms if "advisory_xact_lock" in room.read_text()} == {"locks.py"}
    assert len({int(lock) for lock in Lock.__members__.values()}) == len(Lock.__members__) > 2


@pytest.mark.django_db(transaction=True)
def test_a_pause_does_not_wait_until_clusters_are_found() -> None:
    paused = []

    def pause() -> None:
        try:
            paused.append(services.pause_site(reason="a list has leaked", staff=None))
        finally:
            connections.close_all()

    thread = Thread(target=pause)
    with transaction.atomic():
        assert locks.take(Lock.FIND_CLUSTERS)
        thread.start()
        thread.join(timeout=10)
        is_waiting = thread.is_alive()
    thread.join()

    assert paused == [True]
    assert not is_waiting
