"""System checks: what would be harmless in a demonstration can not exist on a site that people reach, and no database
is used with another key than the one it was filled under."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from campaigns.models import Campaign
from signatures.exports.copying import not_carried
from signatures.keys import key_fingerprint
from signatures.models import AddressKey

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
DEMO_USER = "demo"


def is_on_this_machine() -> bool:
    return {urlsplit(settings.SITE_URL).hostname, *settings.ALLOWED_HOSTS} <= LOCAL_HOSTS


@register
def demonstration_is_local(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """DEMO, DEBUG and the inbox belong on the machine of whoever tries the site out."""
    is_local = is_on_this_machine()
    errors: list[CheckMessage] = []
    for name in ("DEMO", "DEBUG"):
        if getattr(settings, name) and not is_local:
            errors.append(
                Error(
                    f"{name} is on, but the site answers beyond this machine.",
                    hint=f"Set {name}=false.",
                    id="site.E001",
                )
            )
    if settings.INBOX_DIR and not settings.DEMO:
        errors.append(Error("INBOX_DIR is set outside a demonstration.", hint="Take INBOX_DIR out.", id="site.E002"))
    if not settings.IS_HTTPS and not is_local:
        errors.append(
            Error(
                "SITE_URL does not begin with https://.",
                hint="People's names travel here: put TLS before the site and say so in SITE_URL.",
                id="site.E003",
            )
        )
    return errors


@register
def backups_are_sealed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Workers write out what people took back wherever BACKUP_DIR is set, and nothing is written there in the clear."""
    if bool(settings.BACKUP_DIR) == bool(settings.BACKUP_RECIPIENTS):
        return []
    return [
        Error(
            "One of BACKUP_DIR and BACKUP_RECIPIENTS is set without the other.",
            hint="Set both to make backups (docs/backup.md), or neither.",
            id="site.E008",
        )
    ]


@register
def exports_reach_the_database_alike(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Exports are read by another client than psycopg, which knows fewer of libpq's parameters."""
    return [
        Error(
            f"DATABASE_URL has the parameter {name}, which exports would not keep to.",
            hint=f"Take {name} out, or have the server demand it (pg_hba.conf).",
            id="site.E009",
        )
        for name in not_carried()
    ]


@register
def errors_travel_sealed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """An error says where the site is weak."""
    parts = urlsplit(settings.SENTRY_DSN)
    if parts.scheme != "http" or parts.hostname in LOCAL_HOSTS:
        return []
    return [
        Error(
            "SENTRY_DSN does not begin with https://, but leads beyond this machine.",
            hint="Set SENTRY_DSN to an address with TLS.",
            id="site.E010",
        )
    ]


@register
def staff_have_a_second_factor(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A password alone opens the admin on nobody's machine but one's own."""
    if settings.STAFF_SECOND_FACTOR or is_on_this_machine():
        return []
    return [
        Error(
            "STAFF_SECOND_FACTOR is off, but the site answers beyond this machine.",
            hint="Set STAFF_SECOND_FACTOR=true.",
            id="site.E007",
        )
    ]


@register(Tags.database)
def no_demonstration_in_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """No demo account and no demonstration organisation. Run by `migrate`, and when web or worker start."""
    if settings.DEMO or not databases:
        return []
    errors: list[CheckMessage] = []
    try:
        if get_user_model().objects.filter(username=DEMO_USER).exists():
            errors.append(
                Error(
                    f"The database holds the demo account “{DEMO_USER}”.",
                    hint="This database served a demonstration: use another one, or delete that account.",
                    id="site.E004",
                )
            )
        if Campaign.objects.filter(is_demonstration=True).exists():
            errors.append(
                Error(
                    "The database holds a campaign of the demonstration organisation.",
                    hint="This database served a demonstration: use another one.",
                    id="site.E005",
                )
            )
    except DatabaseError:
        return []  # no tables yet, or no database: `migrate` itself will say so
    return errors


@register(Tags.database)
def address_key_is_the_databases(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Under another ADDRESS_KEY no fingerprint in the database would match any more, without a word. Run likewise."""
    if not databases:
        return []
    try:
        filled_under = AddressKey.objects.values_list("fingerprint", flat=True).first()
    except DatabaseError:
        return []  # as above
    if filled_under in (None, key_fingerprint()):
        return []
    return [
        Error(
            "ADDRESS_KEY is not the key that this database was filled under.",
            hint=(
                "Set ADDRESS_KEY back to that key: under another one, those who have signed are no longer recognised"
                " and can sign again. docs/privacy.md says what remains to do where the key is lost."
            ),
            id="site.E006",
        )
    ]
