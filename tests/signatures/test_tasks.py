"""The nudge after a signature: at most one a second, and nobody who signs waits for Redis."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings

from petition_site.celery import app
from signatures import tasks
from signatures.models import Letter, Signature
from tests.helpers import form_data, make_campaign

AWAY = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_connect_timeout": settings.REDIS_TIMEOUT, "socket_timeout": settings.REDIS_TIMEOUT},
    }
}


def queued() -> int:
    """Messages on the broker."""
    with app.connection_for_read() as connection:
        return connection.default_channel.client.llen("celery")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    cache.clear()
    tasks.breaker.reset()
    with app.connection_for_write() as connection:
        connection.default_channel.client.delete("celery")
    yield
    with app.connection_for_write() as connection:
        connection.default_channel.client.delete("celery")


def test_a_nudge_puts_one_task_on_the_broker_however_many_sign_within_a_second() -> None:
    for _ in range(5):
        tasks.nudge_letters()
    assert queued() == 1

    time.sleep(tasks.NUDGE_EVERY + 0.1)
    tasks.nudge_letters()
    assert queued() == 2


@pytest.mark.django_db
def test_signing_goes_on_without_redis_and_asks_it_once_in_a_while(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = make_campaign()
    with override_settings(CACHES=AWAY):
        statuses = [client.post("/en/water-for-all/sign/", form_data(campaign)).status_code for _ in range(3)]

    assert statuses == [303, 303, 303]
    assert Signature.objects.count() == Letter.objects.count() == 3
    assert [record.message for record in caplog.records if record.name == "signatures.tasks"] == [
        "No nudge for the outbox: ConnectionError"
    ]


@pytest.mark.django_db
def test_signing_does_not_wait_for_a_broker_that_is_silent(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    campaign = make_campaign()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app.conf.broker_url, before = f"redis://127.0.0.1:{silent.getsockname()[1]}/0", app.conf.broker_url
        try:
            begun = time.monotonic()
            assert client.post("/en/water-for-all/sign/", form_data(campaign)).status_code == 303
            waited = time.monotonic() - begun
        finally:
            app.conf.broker_url = before

    assert [record.message for record in caplog.records if record.name == "signatures.tasks"]
    # Far from the five seconds that a worker waits; how fast exactly is the benchmark's to say.
    assert waited < 4
