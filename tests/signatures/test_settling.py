"""Whoever settles doubts begins with the same one, so that no two ever wait for each other."""

from collections.abc import Callable
from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from signatures import clusters, services
from signatures.models import Cluster, Doubt, Signature
from tests.helpers import make_campaign, make_rows

# For this connection; a transaction sees what goes on as it was at first, its locks as they are.
IS_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def wait_until_it_waits() -> None:
    until = monotonic() + 20  # seconds
    with connection.cursor() as cursor:
        while monotonic() < until:
            cursor.execute(IS_WAITING)
            if cursor.fetchone() != (0,):
                return
            sleep(0.02)
    raise AssertionError("It does not wait.")


def look_at() -> object:
    return clusters.look_at(clusters=Cluster.objects.all(), staff=None)


def release() -> object:
    return services.release(signatures=Signature.objects.all(), reason="Fine", staff=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("settle", [look_at, release])
def test_doubts_are_locked_in_the_order_of_the_key(settle: Callable[[], object]) -> None:
    campaign = make_campaign()
    now = timezone.now()
    numbers, moments = dict.fromkeys(("n", "counted", "held"), 20), dict.fromkeys(("first_at", "last_at"), now)
    cluster = Cluster.objects.create(campaign=campaign, kind="network", key="00", day=now, **numbers, **moments)
    rows = make_rows(campaign, 20)
    # Neither the table nor its index by signature has the first of them first.
    for row in reversed(rows):
        Doubt.objects.create(signature=row, kind="network", detail=str(cluster.pk))
    first = Doubt.objects.earliest("pk")
    Doubt.objects.filter(pk=first.pk).update(made_at=now)

    def run() -> None:
        try:
            settle()
        finally:
            connections.close_all()

    thread = Thread(target=run)
    with transaction.atomic():
        Doubt.objects.select_for_update().get(pk=first.pk)
        thread.start()
        wait_until_it_waits()
        rest = Doubt.objects.exclude(pk=first.pk).select_for_update(skip_locked=True)
        free = len(rest)
    thread.join()

    assert free == 19
    assert not Doubt.objects.open().exists()
