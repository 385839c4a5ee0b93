"""What several views answer with."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import cast

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]

# Cookies of one browser, for a short while: __Host- keeps them to this host and to TLS (RFC 6265bis).
PREFIX = "__Host-" if settings.IS_HTTPS else ""
SIGNED_HERE = f"{PREFIX}signed"
CONFIRMED_HERE = f"{PREFIX}confirmed"


class SeeOther(HttpResponseRedirect):
    """303 (RFC 9110, 15.4.4): what was posted is done, and the answer to it is to be fetched elsewhere."""

    status_code = 303


def see(name: str, *, said: str = "", **kwargs: object) -> SeeOther:
    """To a page of ours, from its beginning; `said` names the sentence that it shows on top."""
    query = f"?said={said}" if said else ""
    # With a fragment of its own, or it would inherit that of the form's address.
    return SeeOther(f"{reverse(f'signatures:{name}', kwargs=kwargs)}{query}#main")


def private(*methods: str) -> Callable[[View], View]:
    """For a page of one person: kept by no cache, with no CSRF token, and by these methods only."""

    def decorate(view: View) -> View:
        return csrf_exempt(never_cache(require_http_methods(list(methods))(view)))

    return decorate


def loading(response: HttpResponse, sources: Mapping[str, Sequence[str]]) -> HttpResponse:
    """An answer whose page may load these besides, by directive of the Content-Security-Policy."""
    widened = csp_update(dict(sources))(lambda request: response)
    return cast(HttpResponse, widened(HttpRequest()))


def remember(response: HttpResponse, cookie: str, value: str, max_age: timedelta) -> None:
    """Lax: a click in webmail comes from another site, and must bring the cookie along."""
    response.set_cookie(cookie, value, max_age=max_age, secure=settings.IS_HTTPS, httponly=True, samesite="Lax")


def forget(response: HttpResponse, cookie: str) -> None:
    response.set_cookie(cookie, max_age=0, secure=settings.IS_HTTPS, httponly=True, samesite="Lax")
