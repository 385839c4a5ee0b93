"""Limits per network and campaign: counted in Redis for all processes, in the process itself while Redis is away."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.test import RequestFactory, override_settings

from petition_site.env import Rate
from petition_site.local.processes import Children, until
from petition_site.local.programs import REDIS, available
from petition_site.local.servers import ENVIRONMENT, answers, free_port
from signatures import limits
from tests.signatures.test_tasks import AWAY

THREE = {"code": Rate(3, 3600), "resend": Rate(3, 3600), "page_link": Rate(1, 600)}


def request_from(remote: str = "192.0.2.7", **meta: str) -> Any:
    return RequestFactory().post("/", REMOTE_ADDR=remote, **meta)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    cache.clear()
    limits.breaker.reset()
    limits.here.counts.clear()
    with override_settings(LIMITS=THREE):
        yield
    limits.breaker.reset()
    limits.here.counts.clear()


@pytest.fixture(params=["redis", "without redis"])
def with_and_without_redis(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "redis":
        yield
        assert limits.here.counts == {}  # it was Redis that counted
    else:
        with override_settings(CACHES=AWAY):
            yield
        assert limits.here.counts


@pytest.mark.usefixtures("with_and_without_redis")
def test_a_rate_is_over_when_it_is_used_up() -> None:
    assert [limits.hit("code", request_from(), 1) for _ in range(5)] == [False, False, False, True, True]


@pytest.mark.usefixtures("with_and_without_redis")
def test_looking_counts_nothing_and_says_when_one_more_would_be_too_many() -> None:
    looks = []
    for _ in range(4):
        looks.append([limits.is_over("code", request_from(), 1) for _ in range(5)])
        limits.count("code", request_from(), 1)

    assert looks == [[False] * 5, [False] * 5, [False] * 5, [True] * 5]


@pytest.mark.usefixtures("with_and_without_redis")
def test_a_network_shares_a_limit_and_another_network_campaign_or_rate_has_its_own() -> None:
    for last in range(3):
        limits.count("code", request_from(f"192.0.2.{last}"), 1)

    assert limits.is_over("code", request_from("192.0.2.200"), 1)
    assert limits.is_over("code", request_from("::ffff:192.0.2.200"), 1)
    assert not limits.is_over("code", request_from("192.0.3.1"), 1)
    assert not limits.is_over("code", request_from("2001:db8::1"), 1)
    assert not limits.is_over("code", request_from(), 2)
    assert not limits.is_over("code", request_from(), 11)
    assert not limits.is_over("resend", request_from(), 1)

    for last in range(3):
        limits.count("code", request_from(f"2001:db8:1:{last}::1"), 1)
    assert limits.is_over("code", request_from("2001:db8:1:ffff::1"), 1)
    assert not limits.is_over("code", request_from("2001:db8:2::1"), 1)


@pytest.mark.usefixtures("with_and_without_redis")
def test_requests_without_an_address_share_one_limit() -> None:
    for remote in ("", "unknown", "unix:"):
        limits.count("code", request_from(remote), 1)

    assert limits.is_over("code", request_from("192.0.2.7.7"), 1)
    assert not limits.is_over("code", request_from("0.0.0.0"), 1)  # nobody listens


@pytest.mark.usefixtures("with_and_without_redis")
def test_a_header_of_the_clients_own_does_not_lead_to_another_limit() -> None:
    with override_settings(TRUSTED_PROXY_COUNT=1):
        for number in range(3):
            limits.count("code", request_from("198.51.100.1", HTTP_X_FORWARDED_FOR=f"10.{number}.0.1, 192.0.2.7"), 1)

        assert limits.is_over("code", request_from("198.51.100.1", HTTP_X_FORWARDED_FOR="192.0.2.7"), 1)


@pytest.mark.usefixtures("with_and_without_redis")
def test_a_limit_is_over_no_longer_than_it_says() -> None:
    with time_machine.travel(1_800_000_000, tick=False) as now:
        assert [limits.hit("page_link", request_from(), 1) for _ in range(2)] == [False, True]
        now.shift(limits.retry_after("page_link", request_from(), 1) - 1)
        assert limits.hit("page_link", request_from(), 1)
        assert limits.retry_after("page_link", request_from(), 1) == 1
        now.shift(1)
        assert not limits.hit("page_link", request_from(), 1)
        assert limits.retry_after("page_link", request_from(), 1) == 600


def test_redis_holds_no_address_and_forgets_by_itself() -> None:
    addresses = ["192.0.2.7", "2001:db8:1:2::7", ""]
    for remote in addresses:
        limits.count("code", request_from(remote), 1)
        limits.is_over("resend", request_from(remote), 1)

    redis = cache._cache.get_client()
    keys = redis.keys("*")
    assert len(keys) == 6
    held = b"\n".join(key + b"=" + redis.get(key) for key in keys)
    for text in ("192.0.2", "2001:db8", sha256(b"192.0.2.0").hexdigest(), sha256(b"192.0.2.7").hexdigest()):
        assert text.encode() not in held
    assert all(0 < redis.ttl(key) <= 3600 + 5 for key in keys)


def test_what_stands_for_a_network_is_made_under_the_key() -> None:
    ours = limits.bucket(request_from(), 1)
    with override_settings(ADDRESS_KEY="another key, " * 5):
        theirs = limits.bucket(request_from(), 1)

    assert len(ours) == len(theirs) == 64
    assert ours != theirs
    assert "192.0.2" not in ours


class OwnRedis:
    """A Redis for one test, which may be frozen and killed without harm to the others."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.children = folder, free_port(), Children()
        self.start()

    def start(self) -> None:
        command = [available(REDIS, None)[0].server, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.child = self.children.start(
            "Redis", command, log=self.folder / "log", cwd=self.folder, env=ENVIRONMENT, stop_by=signal.SIGKILL
        )
        assert until(lambda: answers(self.port), 10)

    def freeze(self) -> None:
        os.kill(self.child.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.child.process.pid, signal.SIGCONT)

    def close(self) -> None:
        self.children.stop_all()

    @property
    def caches(self) -> dict[str, Any]:
        return {"default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{self.port}/0"}}


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with closing(OwnRedis(tmp_path)) as redis, override_settings(CACHES=redis.caches):
        yield redis


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_frozen_redis_is_waited_for_once_and_asked_again_when_it_is_back(
    own_redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    limits.count("code", request_from(), 1)
    own_redis.freeze()
    begun = time.monotonic()
    answered = [limits.hit("code", request_from(), 1) for _ in range(100)]
    waited = time.monotonic() - begun

    # This process has not counted the one before.
    assert answered == [False] * 3 + [True] * 97
    assert warnings(caplog) == ["Limits count within each process only: TimeoutError"]
    # A hundred would have taken 25 seconds.
    assert settings.REDIS_TIMEOUT <= waited < 5

    own_redis.thaw()
    assert limits.is_over("code", request_from(), 1)  # still by this process
    limits.breaker.paused_until = 0
    assert not limits.is_over("code", request_from(), 1)
    assert warnings(caplog) == ["Limits count within each process only: TimeoutError"]


def test_a_redis_that_stops_and_comes_back_empty_is_no_error(
    own_redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    limits.count("code", request_from(), 1)
    own_redis.close()

    assert [limits.hit("code", request_from(), 1) for _ in range(4)] == [False, False, False, True]
    limits.breaker.paused_until = 0
    assert limits.hit("code", request_from(), 1)
    assert warnings(caplog) == ["Limits count within each process only: ConnectionError"]

    own_redis.start()
    limits.breaker.paused_until = 0
    assert [limits.hit("code", request_from(), 1) for _ in range(4)] == [False, False, False, True]


def test_a_count_that_redis_loses_between_two_commands_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    limits.count("code", request_from(), 1)
    add = RedisCache.add

    def add_and_lose(self: RedisCache, *args: Any, **kwargs: Any) -> bool:
        added = add(self, *args, **kwargs)
        self.clear()
        return added

    monkeypatch.setattr(RedisCache, "add", add_and_lose)

    assert not limits.hit("code", request_from(), 1)
    assert list(limits.here.counts.values()) == [1]  # it was counted here instead


def test_a_process_keeps_a_bounded_number_of_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.LocalCounts, "MOST", 10)
    with override_settings(CACHES=AWAY):
        for number in range(30):
            limits.count("code", request_from(f"10.0.{number}.1"), 1)
        for number in range(30):
            limits.is_over("code", request_from(f"10.1.{number}.1"), 1)  # takes nobody's place
        latest = [limits.hit("code", request_from("10.0.29.1"), 1) for _ in range(3)]

    assert len(limits.here.counts) == 10
    assert latest == [False, False, True]


def test_a_flood_of_new_names_does_not_push_out_the_count_of_its_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.LocalCounts, "MOST", 10)
    with override_settings(CACHES=AWAY):
        over = []
        for number in range(30):
            limits.count("resend", request_from(), f"name {number}")
            over.append(limits.hit("code", request_from(), 1))

    assert over == [False] * 3 + [True] * 27


def test_too_many_answers_429_in_both_languages_and_says_when_to_come_back() -> None:
    said = set()
    with time_machine.travel(1_800_000_000, tick=False) as now:
        for _ in range(11):  # the window has ten minutes, and begins where its key says
            response = limits.too_many(request_from(), "page_link", 1)
            wait = limits.retry_after("page_link", request_from(), 1)
            assert (response.status_code, response["Retry-After"]) == (429, str(wait))
            assert "no-store" in response["Cache-Control"]
            minutes = -(-wait // 60)
            spanish, english = (
                ("un minuto", "one minute") if minutes == 1 else (f"{minutes} minutos", f"{minutes} minutes")
            )
            html = response.content.decode()
            assert "Demasiadas peticiones" in html
            assert f"Vuelve a intentarlo dentro de {spanish}." in html
            assert f"Try again in {english}." in html
            said.add(minutes)
            now.shift(60)

    assert said == set(range(1, 11))
