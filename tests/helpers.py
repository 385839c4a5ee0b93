"""Rows for tests, with invented people only."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaigns.models import Campaign, CampaignText, ConsentText
from campaigns.services import publish_consent
from signatures import addresses, services, tokens
from signatures.models import Signature

SLUG = "water-for-all"
Answer = TypeVar("Answer")
numbers = count(1)


def make_campaign(slug: str = SLUG, **fields: Any) -> Campaign:
    """An open campaign with words in English and Spanish."""
    campaign = Campaign.objects.create(
        **{
            "slug": slug,
            "state": Campaign.State.OPEN,
            "organisation": "Example Organisation",
            "privacy_contact": "privacy@example.org",
            "progress_shown_from": 0,
        }
        | fields
    )
    for language, title in (("en", "Water for all"), ("es", "Agua para todas las personas")):
        make_text(campaign, language=language, title=title)
    publish_consent(campaign=campaign)
    return campaign


def make_text(campaign: Campaign, **fields: Any) -> CampaignText:
    return CampaignText.objects.create(
        campaign=campaign,
        **{
            "language": "en",
            "title": "Water for all",
            "summary": "Water belongs to everyone.",
            "key_figures": "3 | wells closed",
            "sections": "## The problem\n\nThe wells are closed.",
            "addressee": "Ministry of Water",
            "demands_opening": "The ministry must",
            "demands": "open the wells.",
            "call_heading": "What you can do",
            "call_to_action": "Sign.",
            "signing_heading": "What signing does",
            "signing_text": "It is counted.",
            "data_heading": "Your data",
            "data_text": "We keep little.",
            "share_text": "Sign with me:",
            "consent_text": "I agree that {organisation} counts my signature.",
            "text_as_of": "this year",
        }
        | fields,
    )


def consent_of(campaign: Campaign, language: str = "en") -> ConsentText:
    """The version in force."""
    consent = ConsentText.objects.current(campaign, language)
    assert consent is not None
    return consent


def make_signature(campaign: Campaign, *, is_confirmed: bool = False, language: str = "en", **fields: Any) -> Signature:
    """A signature by the service that makes them, confirmed if asked."""
    number = next(numbers)
    attempt = services.Attempt(
        **{
            "name": f"Person {number}",
            "email": f"person{number}@example.org",
            "country": "PE",
            "visibility": "delivered",
            "wants_updates": False,
        }
        | fields
    )
    signature = services.sign(
        campaign=campaign, consent=consent_of(campaign, language), language=language, attempt=attempt
    )
    if is_confirmed:
        assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED
        signature.refresh_from_db()
    return signature


def make_rows(campaign: Campaign, n: int, **fields: Any) -> list[Signature]:
    """Confirmed rows written at once, as a plain INSERT would."""
    consent = consent_of(campaign)
    rows = [
        Signature(
            campaign=campaign,
            consent=consent,
            **{
                "language": "en",
                "name": f"Row {number}",
                "email": f"row{number}@example.org",
                "country": "PE",
                "visibility": "delivered",
                "state": "confirmed",
                "confirmed_at": timezone.now(),
                "fingerprint": number.to_bytes(32, "big"),
            }
            | fields,
        )
        for number in range(n)
    ]
    return Signature.objects.bulk_create(rows)


def make_many(campaign: Campaign, n: int) -> None:
    """Confirmed rows by the hundred thousand: `Person 1 Ñahui` to n, each tenth counted only."""
    consent = ConsentText.objects.current(campaign, "en")
    assert consent is not None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO signatures_signature (
                campaign_id, consent_id, state, moderation, moderation_reason, visibility, name, email, country,
                language, wants_updates, fingerprint, created_at, confirmed_at
            )
            SELECT %s, %s, 'confirmed', 'clear', '', CASE WHEN n %% 10 = 0 THEN 'secret' ELSE 'delivered' END,
                CASE WHEN n %% 10 = 0 THEN '' ELSE 'Person ' || n || ' Ñahui' END, 'person' || n || '@example.org',
                CASE n %% 3 WHEN 0 THEN 'PE' WHEN 1 THEN 'CL' ELSE 'BO' END, 'es', n %% 2 = 0,
                sha256(n::text::bytea), now(), now()
            FROM generate_series(1, %s) AS n
            """,
            [campaign.pk, consent.pk, n],
        )


def form_data(campaign: Campaign, language: str = "en", **fields: Any) -> dict[str, Any]:
    """What a browser posts from the sign box."""
    return {
        "name": "Ana Example",
        "email": "ana@example.org",
        "country": "PE",
        "visibility": "delivered",
        "consent": "on",
        "consent_id": str(consent_of(campaign, language).pk),
    } | fields


def log_in(client: Client, user: User) -> None:
    """As staff are after their password and a code of their app."""
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.create(user=user).persistent_id
    session.save()


def env_beside(**settings: str) -> dict[str, str]:
    """The environment of a process with production's settings on the database of this test."""
    server = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(server._replace(path=f"/{connection.settings_dict['NAME']}"))
    return os.environ | {"DJANGO_SETTINGS_MODULE": "petition_site.settings", "DATABASE_URL": database} | settings


def page_of(signature: Signature, *, fresh: bool = False) -> str:
    """The signer's own page, by the key of a receipt, or by one fresh from the mailbox."""
    key = tokens.PageKey(signature.pk, signature.link_generation, fresh)
    return f"/en/signature/{key.make()}/"


def check_page_of(signature: Signature, slug: str = SLUG) -> str:
    """The "check your email" page of an attempt."""
    handle = tokens.Handle(signature.pk, addresses.masked(signature.email))
    return f"/en/{slug}/check-email/{handle.seal()}/"


def state_of(signature: Signature) -> str:
    """As the database has it now; empty where the row is gone."""
    return str(Signature.objects.filter(pk=signature.pk).values_list("state", flat=True).first() or "")


def elsewhere(act: Callable[[], Answer]) -> Answer:
    """In a thread with a connection of its own, as another process would."""

    def run() -> Answer:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
