"""Fills a site for the pictures of the guides for staff: accounts, people, letters, numbers, wishes and words.

Everybody is invented, by the same chance each time; every moment lies so long ago as it did the last time. Imported
once Django is set up.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaigns import services as of_campaigns
from campaigns.models import Campaign
from petition_site.staff import views
from signatures import addresses, clusters, exports, services, tally
from signatures.models import FunnelTally, Letter, RetentionRun, Suppression, ViaTally
from tests.browser.guides.handing import approved, handed_over
from tests.browser.guides.people import crowd, doubted, late, sign, signed_before
from tests.browser.guides.words import HALF_WAY, KEY, NEWCOMER, STAFF, WORDS
from tests.helpers import log_in


def fill(slug: str, language: str, target: Path) -> None:
    now, campaign, words = timezone.now(), Campaign.objects.get(slug=slug), WORDS[language]
    User.objects.all().delete()  # the one of the other browser tests
    staff = {name: account(name, role) for name, role in STAFF.items()}
    sessions = {name: session(user, with_code=True) for name, user in staff.items()}
    sessions[NEWCOMER] = session(account(NEWCOMER, "moderator"), with_code=False, offered=KEY)
    sessions[HALF_WAY] = session(account(HALF_WAY, "moderator"), with_code=False, has_app=True)
    signed_before(campaign, now)
    first = handed_over(campaign, staff, words)
    people = doubted(campaign, staff["marta"], words, now)
    crowd(campaign, now)
    second = approved(campaign, staff)
    late(campaign, now)
    tally.fold()
    clusters.find()
    letters(campaign, now)
    numbers(campaign, now)
    places = people | wishes(campaign, staff, words, now) | texts(campaign)
    places |= {"handed over": first.pk, "approved": second.pk}
    target.write_text(json.dumps({"sessions": sessions, "places": places}))


def account(name: str, role: str) -> User:
    user = User.objects.create_user(name, is_staff=True, first_name=name.capitalize(), last_name="Example")
    user.groups.set(Group.objects.filter(name=role))
    return user


def session(user: User, *, with_code: bool, has_app: bool = False, offered: str = "") -> str:
    """The key of a session: after the code of the app, or after the password alone."""
    client = Client()
    if with_code:
        log_in(client, user)
    else:
        client.force_login(user)
    if has_app:
        TOTPDevice.objects.create(user=user, key=KEY)
    if offered:
        store = client.session
        store[views.KEY] = offered
        store.save()
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def letters(campaign: Campaign, now: datetime) -> None:
    """Two that a mail server has refused for good, and whose address gets none for a while; one who wants none."""
    for number in (1, 2):
        with transaction.atomic():  # no worker is to take it before
            signature = sign(campaign, "Amaru Tito", f"no-such-mailbox-{number}@example.org")
            error = "550 5.1.1 mailbox unavailable"
            Letter.objects.filter(signature=signature).update(state="failed", attempts=1, to="", error=error)
    refused = addresses.suppression_fingerprint("no-such-mailbox-1@example.org")
    Suppression.objects.create(fingerprint=refused, reason="bounced", made_at=now - timedelta(hours=2))
    asked = addresses.suppression_fingerprint("no-more@example.org")
    Suppression.objects.create(fingerprint=asked, reason="asked", made_at=now - timedelta(days=9))


def numbers(campaign: Campaign, now: datetime) -> None:
    """What became of letters, by provider, and where people came from; and that retention runs."""
    providers = {
        "gmail": (1_830, 1_610, 11, 96),
        "outlook": (412, 190, 6, 151),
        "yahoo": (205, 171, 2, 20),
        "other": (344, 296, 9, 31),
    }
    day = timezone.localdate() - timedelta(days=10)  # past what has been staged as signed then
    for provider, counts in providers.items():
        for step, n in zip(("sent", "confirmed", "bounced", "expired"), counts, strict=True):
            FunnelTally.objects.create(campaign=campaign, day=day, provider=provider, step=step, n=n)
    for channel, n in (("whatsapp", 611), ("copy", 203), ("facebook", 118)):
        ViaTally.objects.create(campaign=campaign, channel=channel, day=day, shard=0, n=n)
    RetentionRun.objects.update_or_create(day=timezone.localdate(), defaults={"last_run_at": now})


def wishes(campaign: Campaign, staff: dict[str, User], words: dict[str, str], now: datetime) -> dict[str, int]:
    """A request about personal data, and lists that somebody asks for."""
    asker = sign(campaign, "Flor Choque Apaza", "flor@example.org")
    services.confirm(signature_id=asker.pk)
    received = services.Received("flor@example.org", "erase", timezone.localdate(), words["mail"])
    request = services.receive(received=received, staff=staff["inés"])
    exports.ask(campaign=campaign, preset="addressee", form="comma", purpose=words["for"], staff=staff["lucía"])
    download = exports.export(campaign=campaign, preset="numbers", purpose=words["who"], staff=staff["lucía"])
    consume(download.chunks)
    return {"request": request.pk}


def consume(chunks: Iterable[bytes]) -> None:
    for _chunk in chunks:
        pass


def texts(campaign: Campaign) -> dict[str, int]:
    """The source has a draft, which puts the translation out of date."""
    source = campaign.source_text
    assert source is not None
    draft = source.with_draft()
    draft.summary = f"{draft.summary} Pass it on."
    of_campaigns.save_draft(words=draft)
    other = campaign.texts.get(language="es")
    return {"campaign": campaign.pk, "source": source.pk, "translation": other.pk}
