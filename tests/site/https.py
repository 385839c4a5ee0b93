"""The settings of a site with TLS before it, in the process of the tests, whose own site has none."""

import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client, override_settings

from signatures.views import answers, confirming, signing

SETTINGS = Path(__file__).parents[2] / "petition_site" / "settings.py"
HOST = "petition.example.org"
KINDS = ("SITE_URL", "IS_HTTPS", "ALLOWED_HOSTS", "SECURE_", "SESSION_COOKIE_", "CSRF_")


@contextmanager
def with_https() -> Iterator[None]:
    """What settings.py makes of a SITE_URL that begins with https://."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITE_URL", f"https://{HOST}")
        patch.delenv("ALLOWED_HOSTS", raising=False)
        made = runpy.run_path(str(SETTINGS))
        for module in (answers, confirming, signing):
            for name in ("SIGNED_HERE", "CONFIRMED_HERE"):
                if hasattr(module, name):
                    patch.setattr(module, name, f"__Host-{getattr(module, name)}")
        with override_settings(**{name: value for name, value in made.items() if name.startswith(KINDS)}):
            yield


def browser_over_https() -> Client:
    """As the proxy hands its requests on."""
    client = Client(headers={"Host": HOST, "X-Forwarded-Proto": "https"})
    client.raise_request_exception = False
    return client
