"""The confirmation funnel: what became of attempts to sign, by mail provider and day, in sums that point to nobody.

An attempt is one press of the sign button, one row. Its steps, each counted once at most, on the day it happens:

* **sent**: the first confirmation letter that was meant to leave for it has been handed to the mail server. Letters
  sent again, reminders, and the "you have signed already" letter do not count.
* **bounced**: that first letter was refused for good, at once or, as the mail provider reports, later. It is not
  counted as sent, or no longer. Where staff have it tried again, what comes of that is counted anew.
* **confirmed**: by link or code.
* **expired**: deleted unconfirmed by retention after its letter had been sent.

So confirmed is a share of sent. What is left over is still waiting, or went another way: the same person confirmed
another attempt, or said "this was not me". Moderation plays no part. Who knows the provider of an address knows it from
the address at that moment; it is kept with no signature. Sums go after KEPT_DAYS: on a quiet day they may be of one.
"""

import re
from collections import Counter
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from signatures.models import FunnelDelta, FunnelTally, Letter, SignatureQuerySet, Step

PROVIDERS = {"gmail": "Gmail", "outlook": "Outlook, Hotmail", "yahoo": "Yahoo", "icloud": "iCloud", "proton": "Proton"}
OTHER = "other"
KEPT_DAYS = 60

COUNTRY = r"(com|[a-z]{2}|com?\.[a-z]{2})"  # hotmail.es, live.com.mx, yahoo.co.uk
DOMAINS = {
    "gmail": r"(gmail|googlemail)\.com",
    "outlook": rf"(outlook|hotmail|live)\.{COUNTRY}|msn\.com",
    "yahoo": rf"yahoo\.{COUNTRY}|(ymail|rocketmail)\.com",
    "icloud": r"(icloud|me|mac)\.com",
    "proton": r"proton\.me|protonmail\.(com|ch)|pm\.me",
}


def provider_of(email: str) -> str:
    """One of PROVIDERS, or OTHER."""
    domain = email.rpartition("@")[2].casefold()
    return next((name for name, pattern in DOMAINS.items() if re.fullmatch(pattern, domain)), OTHER)


def count(campaign_id: int, email: str, step: Step) -> None:
    """Counts one attempt; call it in the transaction in which that happens."""
    one(campaign_id, email, step).save()


def one(campaign_id: int, email: str, step: Step) -> FunnelDelta:
    """The same, not written yet."""
    return FunnelDelta(campaign_id=campaign_id, day=timezone.localdate(), provider=provider_of(email), step=step, n=1)


def take_back(campaign_id: int, email: str, step: Step, at: datetime) -> None:
    """Of one attempt, what turned out not to be so; call it in the transaction in which that happens."""
    delta = one(campaign_id, email, step)
    delta.day, delta.n = timezone.localdate(at), -1
    delta.save()


def count_expired(pending: SignatureQuerySet) -> None:
    """Counts those whose letter was sent, just before they are deleted."""
    sent = Letter.objects.filter(signature=OuterRef("pk"), kind=Letter.Kind.CONFIRMATION, state=Letter.State.SENT)
    numbers: dict[int, Counter[str]] = {}
    for campaign_id, email in pending.filter(Exists(sent)).values_list("campaign_id", "email"):
        numbers.setdefault(campaign_id, Counter())[provider_of(email)] += 1
    for campaign_id, by_provider in numbers.items():
        add(campaign_id, by_provider, Step.EXPIRED)


def add(campaign_id: int, numbers: dict[str, int], step: Step) -> None:
    day = timezone.localdate()
    FunnelDelta.objects.bulk_create(
        FunnelDelta(campaign_id=campaign_id, day=day, provider=provider, step=step, n=n)
        for provider, n in sorted(numbers.items())
    )


def first_day() -> date:
    return timezone.localdate() - timedelta(days=KEPT_DAYS - 1)


@transaction.atomic
def forget_old() -> None:
    FunnelTally.objects.filter(day__lt=first_day()).delete()
