"""Noticing: what an attempt to sign, and where it comes from, tell at the moment of signing. Looks and counts; decides
nothing: `signals` says what it leads to.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from campaigns.models import Campaign
from signatures import addresses, disposable, limits
from signatures.services import Attempt
from signatures.signals import Signal


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was found, all of it by what was typed and where it came from, never by what is known of the address."""

    signals: frozenset[Signal] = frozenset()
    too_much: tuple[str, int | str] | None = None  # the limit, and of what, that is to be answered 429


def notice(request: HttpRequest, campaign: Campaign, attempt: Attempt, *, is_honeypot_filled: bool) -> Noticed:
    """Counts an attempt, once, and says what is to be noticed about it.

    One that is too much for its mail domain counts for nothing else: a flood from one domain must not use up what
    others in the same network have.
    """
    found = set()
    root = f"{campaign.pk} {addresses.root_of(attempt.email)}"
    nth = limits.count("sign_domain", request, root)
    if nth > settings.SIGN_DOMAIN_MOST:
        return Noticed(too_much=("sign_domain", root))
    if nth > settings.LIMITS["sign_domain"].times:
        found.add(Signal.ONE_DOMAIN)
    nth = limits.count("sign", request, campaign.pk)
    if nth > settings.SIGN_MOST:
        return Noticed(too_much=("sign", campaign.pk))
    if nth > settings.LIMITS["sign"].times:
        found.add(Signal.CROWD)
    if limits.hit_anywhere("sign_campaign", request, campaign.pk):
        found.add(Signal.RUSH)
    name = addresses.canonical_name(attempt.name)
    # Of those who type their first name only, many are called alike.
    if " " in name and limits.hit("sign_name", request, f"{campaign.pk} {name}"):
        found.add(Signal.ONE_NAME)
    if disposable.is_disposable(attempt.email):
        found.add(Signal.DISPOSABLE)
    if is_honeypot_filled:
        found.add(Signal.HONEYPOT)
    return Noticed(frozenset(found))
