"""Noticing: what an attempt to sign, and where it comes from, tell at the moment of signing. Looks and counts; decides
nothing: `signals` says what it leads to.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from campaigns.models import Campaign
from signatures import addresses, disposable, limits
from signatures.limits import Counter
from signatures.models import Letter
from signatures.services import Attempt
from signatures.signals import Signal

BY_LIMIT = {
    "sign_domain": Signal.ONE_DOMAIN,
    "sign": Signal.CROWD,
    "sign_campaign": Signal.RUSH,
    "sign_name": Signal.ONE_NAME,
}


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was found, all of it by what was typed and where it came from, never by what is known of the address."""

    signals: frozenset[Signal] = frozenset()
    too_much: tuple[str, int | str] | None = None  # the limit, and of what, that is to be answered 429
    is_beyond_share: bool = False  # the network has had its share of letters to this address


def notice(request: HttpRequest, campaign: Campaign, attempt: Attempt, *, is_honeypot_filled: bool) -> Noticed:
    """Counts an attempt, once, and says what is to be noticed about it.

    One that is too much for its mail domain counts for nothing else: a flood from one domain must not use up what
    others in the same network have. Nor does one that is too much for its network, for what all networks have.
    """
    counters = counters_of(campaign, attempt)
    counts = limits.count_in_turn(request, counters)
    if counts[-1] > counters[len(counts) - 1].most:
        beyond = counters[len(counts) - 1]
        return Noticed(too_much=(beyond.name, beyond.of))
    over = {
        counter.name
        for counter, times in zip(counters, counts, strict=True)
        if times > settings.LIMITS[counter.name].times
    }
    found = {signal for name, signal in BY_LIMIT.items() if name in over}
    if disposable.is_disposable(attempt.email):
        found.add(Signal.DISPOSABLE)
    if is_honeypot_filled:
        found.add(Signal.HONEYPOT)
    return Noticed(frozenset(found), is_beyond_share="letters" in over)


def counters_of(campaign: Campaign, attempt: Attempt) -> list[Counter]:
    counters = [
        Counter("sign_domain", f"{campaign.pk} {addresses.root_of(attempt.email)}", most=settings.SIGN_DOMAIN_MOST),
        Counter("sign", campaign.pk, most=settings.SIGN_MOST),
        Counter("sign_campaign", campaign.pk, is_anywhere=True),
        Counter("letters", limits.share(campaign.pk, Letter.Kind.CONFIRMATION, attempt.email)),
    ]
    name = addresses.canonical_name(attempt.name)
    if " " in name:  # of those who type their first name only, many are called alike
        counters.append(Counter("sign_name", f"{campaign.pk} {name}"))
    return counters
