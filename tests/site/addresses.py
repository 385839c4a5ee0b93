"""The public addresses of the site: all that its patterns name, and what one of each is filled with."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, get_resolver

from campaigns.models import Campaign, CampaignText
from signatures import addresses, services, tokens
from tests.helpers import make_campaign, make_signature


def routes(found: Any = None, before: str = "") -> Iterator[str]:
    """Of each public pattern, as Django names it in what it has resolved."""
    for pattern in get_resolver().url_patterns if found is None else found:
        if isinstance(pattern, URLPattern):
            yield f"{before}{pattern.pattern}"
        elif str(pattern.pattern) != "admin/":
            yield from routes(pattern.url_patterns, f"{before}{pattern.pattern}")


def make_world() -> dict[str, str]:
    """What the addresses of the table are filled with."""
    campaign = make_campaign()
    CampaignText.objects.update(alias="water")
    make_campaign("all-over", state=Campaign.State.CLOSED)
    waiting, confirmed, gone, withdrawn = (
        make_signature(campaign, is_confirmed=is_confirmed) for is_confirmed in (False, True, True, True)
    )
    services.erase(signature_id=gone.pk)
    services.withdraw(signature_id=withdrawn.pk)
    gone.refresh_from_db()
    key = tokens.PageKey
    return {
        "confirm": tokens.CONFIRM.make(waiting.pk),
        "not_me": tokens.NOT_ME.make(waiting.pk),
        "code": tokens.code(waiting.pk),
        "handle": tokens.Handle(waiting.pk, addresses.masked(waiting.email)).seal(),
        "withdrawn": tokens.CONFIRM.make(withdrawn.pk),
        "gone": tokens.CONFIRM.make(2**40),
        "unsubscribe": tokens.make_unsubscribe(bytes(32)),
        "new_address": tokens.NewAddress(confirmed.pk, confirmed.link_generation, "new@example.org").seal(),
        "page": key(confirmed.pk, confirmed.link_generation).make(),
        "fresh": key(confirmed.pk, confirmed.link_generation, is_fresh=True).make(),
        "erased": key(gone.pk, gone.link_generation).make(),
    }
