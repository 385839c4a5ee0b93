"""A shared cache (RFC 9111) in the memory of each process, before all else: a page that any cache may keep is made once
a second, however many ask for it, and stays for a while where the site cannot make a new one.

It goes by path alone, since no page that may be kept looks at its query: links carry channels, and whatever trackers
add. Nothing is lost with a process: each makes its own copies.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, set_response_etag

FRESH = 1.0  # seconds
FRESH_ENOUGH = 5.0  # while one request makes it anew, for which the others do not wait; staff are told of 40 in all
IN_NEED = 600.0  # while the site does not answer (RFC 5861, 4)
PATIENCE = 5.0  # before a site that did not answer is asked again
MOST = 1000  # pages of some 30 kB

CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")

# What a page shows of people who have signed, as templates mark it.
PEOPLE = re.compile(rb'<section class="people">.*?</section>\n?', re.DOTALL)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Copy:
    """A page as it left the site, with all that its headers say."""

    body: bytes
    headers: Mapping[str, str]

    @classmethod
    def of(cls, response: HttpResponse) -> "Copy":
        set_response_etag(response)
        return cls(response.content, dict(response.items()) | {"Content-Length": str(len(response.content))})

    def with_body(self, body: bytes) -> "Copy":
        headers = {name: value for name, value in self.headers.items() if name not in ("Content-Length", "ETag")}
        return Copy.of(HttpResponse(body, headers=headers))

    def answer(self, request: HttpRequest, age: float) -> HttpResponseBase:
        response = HttpResponse(self.body, headers={**self.headers, "Age": str(int(age))})
        return get_conditional_response(request, etag=self.headers["ETag"], response=response) or response


@dataclass(frozen=True, slots=True)
class Page:
    made_at: float
    copy: Copy
    in_need: Copy | None  # which has nobody's name on it, and so may stay longer
    being_made: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, response: HttpResponse, made_at: float) -> "Page":
        copy = Copy.of(response)
        if "stale-if-error" in response["Cache-Control"]:
            return cls(made_at, copy, copy)
        body, sections = PEOPLE.subn(b"", copy.body)
        return cls(made_at, copy, copy.with_body(body) if sections else None)

    def answer(self, request: HttpRequest) -> HttpResponseBase | None:
        """A copy that may stand in for a new one; None where all are too old."""
        age = monotonic() - self.made_at
        if age < FRESH_ENOUGH:
            return self.copy.answer(request, age)
        return self.in_need.answer(request, age) if self.in_need and age < IN_NEED else None


class SharedCache:
    """The middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.pages: dict[str, Page] = {}
        self.quiet_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "GET" or not is_at_our_host(request):
            return self.get_response(request)
        now = monotonic()
        page = self.pages.get(request.path_info)
        if page is None:
            return self.make(request)
        if now < page.made_at + FRESH:
            return page.copy.answer(request, now - page.made_at)
        if now < self.quiet_until or not page.being_made.acquire(blocking=False):
            return page.answer(request) or self.get_response(request)
        try:
            return self.make_anew(request, page)
        finally:
            page.being_made.release()

    def make(self, request: HttpRequest) -> HttpResponseBase:
        """What the site answers, kept where that is allowed."""
        now = monotonic()
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and may_be_kept(response):
            if len(self.pages) >= MOST:
                self.pages.clear()
            self.pages[request.path_info] = Page.of(response, now)
        return response

    def make_anew(self, request: HttpRequest, page: Page) -> HttpResponseBase:
        # Whether this browser has it already is told from the new copy; the site would not send one.
        conditions = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
        response = self.make(request)
        request.META |= conditions
        if response.status_code >= 500:
            self.quiet_until = monotonic() + PATIENCE
            return page.answer(request) or response
        made = self.pages.get(request.path_info)
        if made is None or made is page:  # it may be kept no longer, or is no more
            self.pages.pop(request.path_info, None)
            return response
        return made.copy.answer(request, 0)


def is_at_our_host(request: HttpRequest) -> bool:
    """Whoever asks for another one is refused further in."""
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def may_be_kept(response: HttpResponse) -> bool:
    """As a view has said, for shared caches: with `s-maxage`, for everybody, whatever else a request holds."""
    said = response.get("Cache-Control", "")
    is_for_all = "public" in said and "s-maxage" in said
    return response.status_code == 200 and is_for_all and not response.cookies and not response.has_header("Vary")
