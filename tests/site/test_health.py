"""The two addresses that watch a process."""

import pytest
from django.test import Client, override_settings


def test_healthz_says_that_the_process_lives(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_readyz_reports_each_part(client: Client) -> None:
    assert client.get("/readyz").json() == {"database": True, "redis": True}


@pytest.mark.django_db
def test_readyz_stays_200_without_redis(client: Client) -> None:
    away = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=away):
        response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"database": True, "redis": False})
