"""What every request passes: answers are closed unless a view opens them, posts from other sites are refused, and a
database that is away gives a page of its own."""

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.defaults import server_error as internal_error

from signatures.forms import SignForm

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
AWAY = (OperationalError, InterfaceError)


def closed_unless_said(get_response: GetResponse) -> GetResponse:
    """What a view does not say itself: no cache keeps the answer, and no page of another site embeds it.

    So an address with a token is kept nowhere whatever comes of it: a page, a redirect for want of a slash, an error.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def is_cross_origin(request: HttpRequest) -> bool:
    """Whether a browser says that another site sent this request.

    The rule of Go's `http.CrossOriginProtection`: `Sec-Fetch-Site` decides where there is one; else `Origin` must
    name the host that was asked; a request with neither comes from no browser that could be used against its owner.
    It needs neither cookie nor token, so that the page with the form can be kept by any cache.

    Stricter than Go's in one thing: on a site with TLS an `Origin` without it is another one, since whoever sits on the
    line can write the page that it stands for.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    fetch_site = request.headers.get("Sec-Fetch-Site", "")
    if fetch_site:
        return fetch_site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "")
    if not origin:
        return False
    scheme, _, host = origin.partition("://")
    return host != request.get_host() or (settings.IS_HTTPS and scheme != "https")


def cross_origin_protection(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        if is_cross_origin(request):
            return render(request, "403.html", status=403)
        return get_response(request)

    return middleware


class Unavailable:
    """Answers 503 when a view cannot reach PostgreSQL."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable(request, exception) if isinstance(exception, AWAY) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an exception that nothing has answered; PostgreSQL may be away for a middleware too."""
    exception = sys.exception()
    return unavailable(request, exception) if isinstance(exception, AWAY) else internal_error(request)


def unavailable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """503, with a page that needs no database.

    Whoever has filled in the sign box gets it back on that page, and can send it again from there.
    """
    # Its kind only: the text of a database error can hold what somebody typed.
    logger.error("The database did not answer: %s", type(exception).__name__)
    response = render(request, "503.html", {"sent": sent_from_the_sign_box(request)}, status=503)
    response["Retry-After"] = "30"
    add_never_cache_headers(response)
    return response


def sent_from_the_sign_box(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields that the sign box has, as they were sent; none where it was not the sign box, or cannot be read."""
    match = request.resolver_match
    if request.method != "POST" or match is None or match.view_name != "signatures:sign":
        return []
    try:
        return [(name, value) for name in SignForm.base_fields for value in request.POST.getlist(name)]
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError):
        return []
