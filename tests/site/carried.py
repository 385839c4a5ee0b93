"""The headers that every answer of the site has to carry."""

import re

from django.conf import settings
from django.http import HttpResponse

POLICY = {
    "default-src 'none'",
    "base-uri 'none'",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
}
CARRIED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OPEN_TO_ALL = re.compile(r"/api/|/preview\.png$|/updates\.atom$")  # which pages of other sites may show


def assert_carries(response: HttpResponse, path: str) -> None:
    is_https = settings.IS_HTTPS
    assert {name: response[name] for name in CARRIED} == CARRIED
    assert set(response["Content-Security-Policy"].split("; ")) == POLICY
    assert response["Cross-Origin-Resource-Policy"] == ("cross-origin" if is_open(response, path) else "same-origin")
    denied, allowed = split(response["Permissions-Policy"])
    assert allowed == {"clipboard-write": "(self)"}
    assert {"camera", "geolocation", "microphone", "payment", "usb", "browsing-topics"} <= denied
    hsts = "max-age=31536000; includeSubDomains; preload"
    assert response.get("Strict-Transport-Security", "") == (hsts if is_https else "")
    assert response.get("Access-Control-Allow-Origin", "") == (
        "*" if "/api/" in path and is_open(response, path) else ""
    )
    assert not {"Server", "X-Powered-By"} & set(response.headers)
    for name, cookie in response.cookies.items():
        assert name.startswith("__Host-") == is_https, name
        assert bool(cookie["secure"]) == is_https, name
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", ""), (
            name
        )


def is_open(response: HttpResponse, path: str) -> bool:
    return bool(OPEN_TO_ALL.search(path)) and response.status_code in (200, 404, 429)


def split(policy: str) -> tuple[set[str], dict[str, str]]:
    features = dict(part.split("=") for part in policy.split(", "))
    return {name for name, value in features.items() if value == "()"}, {
        name: value for name, value in features.items() if value != "()"
    }
