"""Fields that a form does not have, has once, or has with other values; and bodies that are none of a form."""

import json

from django.http import HttpResponse

from signatures import tokens
from signatures.models import Signature
from tests.helpers import form_data, make_campaign
from tests.promises.attacks.world import PAGE, PROTECTED, Attack, World, nothing_stored


def is_mine_only(world: World, response: HttpResponse) -> bool:
    """The one row that came of it is an ordinary attempt."""
    row = Signature.objects.exclude(pk__in=[world.ana.pk, world.beto.pk, world.mallory.pk]).get()
    return (row.state, row.moderation, row.confirmed_at, row.is_name_hidden, row.link_generation, row.campaign_id) == (
        "pending",
        "clear",
        None,
        False,
        0,
        world.campaign.pk,
    ) and row.fingerprint != world.ana.fingerprint


def unchanged(world: World, response: HttpResponse) -> bool:
    """Mallory's own row is as it was."""
    now = Signature.objects.filter(pk=world.mallory.pk).values_list(*PROTECTED).get()
    return now == tuple(getattr(world.mallory, name) for name in PROTECTED)


# What a form might be asked to take along.
MORE = {
    "state": "confirmed",
    "moderation": "clear",
    "confirmed_at": "2026-01-01T00:00:00Z",
    "is_name_hidden": "on",
    "link_generation": "9",
    "campaign": "1",
    "campaign_id": "1",
    "fingerprint": "00" * 32,
    "code_tries": "0",
    "origin": "192.0.2.1",
    "is_fresh": "True",
}


def more(world: World) -> dict[str, str]:
    return MORE | dict.fromkeys(("id", "pk", "signature", "signature_id"), str(world.ana.pk))


FIELDS = [
    Attack("more fields than the form has, to signing", lambda w: w.sign(**more(w)), 303, is_mine_only),
    Attack(
        "more fields, to one's own page",
        lambda w: w.post(
            w.own("change/"), more(w), visibility="delivered", country="PE", name="Ana", email="x@example.net"
        ),
        303,
        unchanged,
    ),
    Attack("more fields, to news", lambda w: w.post(w.own("news/"), more(w), news="on"), 303, unchanged),
    Attack(
        "more fields, to a change of address", lambda w: w.post(w.own("address/"), more(w), email="x@example.net"), 303
    ),
    Attack(
        "more fields, to the code", lambda w: w.post(w.handle(w.mallory), more(w), code=tokens.code(w.beto.pk)), 422
    ),
    Attack("more fields, to thanks", lambda w: w.post(f"{PAGE}thanks/", more(w)), 200),
    Attack(
        "a name that a forwarded receipt may not show",
        lambda w: w.post(w.own("change/"), visibility="public"),
        422,
        unchanged,
    ),
    Attack(
        "another campaign's page with the handle of this one",
        lambda w: (
            make_campaign("land")
            and w.post(w.handle(w.beto).replace("water-for-all", "land"), code=tokens.code(w.beto.pk))
        ),
        422,
    ),
    Attack(
        "fields in the address in place of the body",
        lambda w: w.post(f"{PAGE}sign/?name=A&email=a@example.org&consent=on"),
        422,
        nothing_stored,
    ),
    Attack("a field twice", lambda w: w.sign(email=["ana@example.net", "mallory@example.net"]), 422, nothing_stored),
    Attack(
        "an array where a word belongs",
        lambda w: w.sign(**{"visibility[]": "public", "visibility": ["secret", "public"]}),
        422,
        nothing_stored,
    ),
    Attack("a level that the form does not offer", lambda w: w.sign(visibility="public"), 422, nothing_stored),
    Attack(
        "JSON",
        lambda w: w.client.post(f"{PAGE}sign/", json.dumps(form_data(w.campaign)), "application/json"),
        422,
        nothing_stored,
    ),
    Attack("a body of a megabyte", lambda w: w.sign(name="x" * 1_000_000), 413, nothing_stored),
    Attack(
        "twelve hundred fields",
        lambda w: w.post(f"{PAGE}sign/", {f"f{n}": "x" for n in range(1_200)}),
        400,
        nothing_stored,
    ),
]
