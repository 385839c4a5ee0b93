"""Pages that everybody gets alike come from memory: made once a second, and standing in for a site that is away."""

import re
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.cache import patch_cache_control

from campaigns.models import Campaign
from petition_site import shared_cache
from petition_site.shared_cache import SharedCache
from tests.helpers import SLUG, make_campaign, make_rows

PAGE = f"/es/{SLUG}/"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the cache reads, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(shared_cache, "monotonic", lambda: now[0])
    return now


class Site:
    """What is asked where there is no copy: it numbers its answers."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.said = {"public": True, "s_maxage": 5, "stale_if_error": 600}
        self.people = ""
        self.seen: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked += 1
        self.seen.append(request)
        response = HttpResponse(
            f"answer {self.asked}{self.people}", status=self.status, headers={"X-Frame-Options": "DENY"}
        )
        patch_cache_control(response, **self.said)
        return response


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def cache(site: Site, clock: list[float]) -> SharedCache:
    return SharedCache(site)


def get(cache: SharedCache, path: str = "/es/", **headers: str) -> Any:
    return cache(RequestFactory(headers={"Host": "localhost"} | headers).get(path))


def body(cache: SharedCache, path: str = "/es/") -> str:
    return str(get(cache, path).content.decode())


def test_a_page_is_made_once_a_second(cache: SharedCache, site: Site, clock: list[float]) -> None:
    assert [body(cache) for _ in range(3)] == ["answer 1"] * 3
    clock[0] += 0.9
    assert body(cache) == "answer 1"
    clock[0] += 0.2
    assert [body(cache) for _ in range(2)] == ["answer 2"] * 2
    assert site.asked == 2


def test_a_copy_carries_what_the_page_said_and_how_old_it_is(cache: SharedCache, clock: list[float]) -> None:
    first = get(cache)
    clock[0] += 0.5
    again = get(cache)

    assert dict(again.items()) == dict(first.items()) | {"Age": "0", "Content-Length": "8"}
    assert again["X-Frame-Options"] == "DENY"
    assert get(cache, **{"If-None-Match": again["ETag"]}).status_code == 304


def test_a_browser_that_has_the_page_does_not_keep_it_from_being_made(
    cache: SharedCache, site: Site, clock: list[float]
) -> None:
    etag = get(cache)["ETag"]
    clock[0] += 2

    assert get(cache, **{"If-None-Match": etag}).content == b"answer 2"
    assert "HTTP_IF_NONE_MATCH" in site.seen[-1].META
    assert body(cache) == "answer 2"


def test_trackers_in_the_address_find_the_same_copy(cache: SharedCache, site: Site) -> None:
    assert [body(cache, f"/es/{query}") for query in ("", "?via=x", "?utm_source=y")] == ["answer 1"] * 3
    assert body(cache, "/en/") == "answer 2"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, {}),
        (200, {"private": True, "s_maxage": 5}),
        (200, {"public": True, "max_age": 5}),
        (404, {"public": True, "s_maxage": 5}),
        (301, {"public": True, "s_maxage": 5}),
    ],
    ids=["says nothing", "private", "for browsers", "not found", "redirect"],
)
def test_what_is_not_for_all_is_not_kept(cache: SharedCache, site: Site, status: int, said: dict[str, Any]) -> None:
    site.status, site.said = status, said

    assert [body(cache) for _ in range(2)] == ["answer 1", "answer 2"]


def test_a_page_that_may_be_kept_no_longer_is_not(cache: SharedCache, site: Site, clock: list[float]) -> None:
    body(cache)
    clock[0] += 2
    site.status = 404

    assert [body(cache) for _ in range(2)] == ["answer 2", "answer 3"]


def test_other_methods_and_hosts_are_for_the_site(cache: SharedCache, site: Site) -> None:
    body(cache)

    assert cache(RequestFactory().post("/es/", headers={"Host": "localhost"})).content == b"answer 2"
    assert get(cache, Host="elsewhere.example.org").content == b"answer 3"


def test_while_one_request_makes_the_page_others_do_not_wait(site: Site, clock: list[float]) -> None:
    begun, go_on = Event(), Event()

    def slowly(request: HttpRequest) -> HttpResponse:
        if site.asked:
            begun.set()
            assert go_on.wait(10)
        return site(request)

    cache = SharedCache(slowly)
    body(cache)
    clock[0] += 2
    one = Thread(target=body, args=(cache,))
    one.start()
    assert begun.wait(10)
    while_it_is_made = body(cache)
    go_on.set()
    one.join()

    assert (while_it_is_made, body(cache)) == ("answer 1", "answer 2")


def test_a_site_that_is_away_is_stood_in_for_ten_minutes_and_asked_every_five_seconds(
    cache: SharedCache, site: Site, clock: list[float]
) -> None:
    body(cache)
    site.status = 503
    for _ in range(599):
        clock[0] += 1
        answer = get(cache)
        assert (answer.status_code, answer.content) == (200, b"answer 1")

    assert answer["Age"] == "599"
    assert site.asked <= 1 + 600 / 5
    clock[0] += 1
    assert get(cache).status_code == 503
    site.status = 200
    clock[0] += 5
    assert get(cache).status_code == 200


def test_people_are_on_no_copy_that_stands_in_for_long(cache: SharedCache, site: Site, clock: list[float]) -> None:
    site.said, site.people = {"public": True, "s_maxage": 5}, '<section class="people">Rosa</section>'
    etag = get(cache)["ETag"]
    site.status = 503
    clock[0] += 4
    assert b"Rosa" in get(cache).content
    clock[0] += 2
    answer = get(cache)

    assert (answer.content, answer["Content-Length"]) == (b"answer 1", "8")
    assert answer["ETag"] != etag


def test_a_page_with_people_and_no_copy_without_them_does_not_stand_in(
    cache: SharedCache, site: Site, clock: list[float]
) -> None:
    site.said = {"public": True, "s_maxage": 5}
    body(cache)
    site.status = 503
    clock[0] += 6

    assert get(cache).status_code == 503


def test_there_is_an_end_to_what_is_kept(cache: SharedCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_cache, "MOST", 3)
    for number in range(10):
        body(cache, f"/es/{number}/")

    assert len(cache.pages) <= 3


# The site's own pages


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def kept(settings: Any, client: Client, clock: list[float]) -> Iterator[Client]:
    """A client of the site with its cache, as in production."""
    settings.MIDDLEWARE = ["petition_site.shared_cache.SharedCache", *settings.MIDDLEWARE]
    yield client


def lose_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("campaigns.views.find_text", away)


def test_the_page_stands_in_without_the_names_on_it_while_the_database_is_away(
    kept: Client, campaign: Campaign, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rows(campaign, 3, name="Rosa Quispe", visibility="public")
    named = kept.get(PAGE).content.decode()
    lose_the_database(monkeypatch)
    clock[0] += 6
    away = kept.get(PAGE)

    assert (away.status_code, away["Age"]) == (200, "6")
    before, section, after = re.split(
        r'(<section class="people">.*?Rosa Quispe.*?</section>\n)', named, flags=re.DOTALL
    )
    assert section.count("Rosa Quispe") == 3
    assert away.content.decode() == before + after


def test_every_page_that_may_be_kept_asks_the_database_nothing_the_second_time(
    kept: Client, campaign: Campaign, django_assert_num_queries: Any
) -> None:
    paths = ["/es/", PAGE, f"{PAGE}privacy/", "/es/accessibility/"]
    for path in paths:
        assert kept.get(path).status_code == 200

    with django_assert_num_queries(0):
        assert [kept.get(path).status_code for path in paths] == [200] * len(paths)
