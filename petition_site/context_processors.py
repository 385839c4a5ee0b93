"""What every template may ask of the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    whole = [code for code, _name in settings.LANGUAGES if code not in settings.INTERFACE_FALLBACKS]
    return {"SITE_URL": settings.SITE_URL, "IS_DEMO": settings.DEMO, "INTERFACE_LANGUAGES": whole}
