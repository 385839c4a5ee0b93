"""Links and cookies in other hands, for other purposes, once more, and too late."""

from collections.abc import Callable
from datetime import timedelta

import time_machine
from django.http import HttpResponse
from django.utils import timezone

from signatures import addresses, services, tokens
from signatures.models import Signature, Suppression
from tests.promises.attacks.world import PAGE, Attack, World


def after(deed: Callable[[World], object], send: Callable[[World], HttpResponse]) -> Callable[[World], HttpResponse]:
    def send_after(world: World) -> HttpResponse:
        link = send
        deed(world)
        return link(world)

    return send_after


def with_cookie(world: World, name: str, value: str) -> World:
    world.client.cookies[name] = value
    return world


def swapped(token: str, mine: int, theirs: int) -> str:
    assert token.startswith(str(mine))
    return token.replace(str(mine), str(theirs), 1)


def guess(world: World) -> HttpResponse:
    """Ten wrong codes for Beto's attempt, and then the right one."""
    right = tokens.code(world.beto.pk)
    for n in range(10):
        world.post(world.handle(world.beto), code=f"{(int(right) + 1 + n) % 1_000_000:06d}")
    return world.post(world.handle(world.beto), code=right)


def in_fifteen_days(world: World, path: str) -> HttpResponse:
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        return world.get(path)


def token_for(world: World, purpose: str) -> str:
    """A working one for what would hurt Beto or Ana, were it taken for another purpose."""
    return {
        "confirm": lambda: tokens.CONFIRM.make(world.beto.pk),
        "not-me": lambda: tokens.NOT_ME.make(world.beto.pk),
        "unsubscribe": lambda: tokens.make_unsubscribe(addresses.suppression_fingerprint(world.ana.email)),
        "address": lambda: tokens.NewAddress(world.ana.pk, 0, "mallory@example.net").seal(),
        "signature": lambda: world.key(world.ana, fresh=True),
        "check-email": lambda: tokens.Handle(world.beto.pk, "b…o@example.net").seal(),
        "signed": lambda: tokens.SIGNED_HERE.make(world.beto.pk),
        "confirmed": lambda: tokens.CONFIRMED_HERE.make(world.ana.pk),
    }[purpose]()


TOKENS = [
    Attack(
        "a confirmation with another's number in it",
        lambda w: w.post(f"/en/confirm/{swapped(tokens.CONFIRM.make(w.mallory.pk), w.mallory.pk, w.beto.pk)}/"),
        404,
    ),
    Attack(
        "a key of one's own page with another's number in it",
        lambda w: w.post(
            f"/en/signature/{swapped(w.key(w.mallory, fresh=True), w.mallory.pk, w.ana.pk)}/erase/",
        ),
        404,
    ),
    Attack(
        "an ordinary key that calls itself fresh",
        lambda w: w.get(f"/en/signature/{w.key(w.mallory).replace('.r:', '.f:')}/data.json"),
        404,
    ),
    *(
        Attack(
            f"a token to {made} where one to {wanted} belongs",
            lambda w, made=made, wanted=wanted: w.post(f"/en/{wanted}/{token_for(w, made)}/"),
            404,
        )
        for made in ("confirm", "not-me", "unsubscribe", "address", "signature", "check-email", "signed", "confirmed")
        for wanted in ("confirm", "not-me", "unsubscribe", "address", "signature")
        if made != wanted
    ),
    Attack(
        "a confirmation after fifteen days",
        lambda w: in_fifteen_days(w, f"/en/confirm/{tokens.CONFIRM.make(w.beto.pk)}/"),
        410,
    ),
    Attack(
        "“this was not me” after confirming",
        lambda w: w.post(f"/en/not-me/{tokens.NOT_ME.make(w.ana.pk)}/", never_again="on"),
        200,
        lambda w, r: not Suppression.objects.exists(),
    ),
    Attack(
        "a confirmation once more after withdrawing",
        after(
            lambda w: services.withdraw(signature_id=w.mallory.pk),
            lambda w: w.post(f"/en/confirm/{tokens.CONFIRM.make(w.mallory.pk)}/"),
        ),
        409,
        lambda w, r: Signature.objects.get(pk=w.mallory.pk).state == "withdrawn",
    ),
    Attack(
        "a new address for a signature that was withdrawn",
        after(
            lambda w: services.withdraw(signature_id=w.mallory.pk),
            lambda w: w.post(f"/en/address/{tokens.NewAddress(w.mallory.pk, 0, 'new@example.net').seal()}/"),
        ),
        410,
    ),
    Attack(
        "a key from before the signature moved",
        after(
            lambda w: services.change_address(change=tokens.NewAddress(w.mallory.pk, 0, "new@example.net")),
            lambda w: w.post(w.own("erase/")),
        ),
        410,
        lambda w, r: Signature.objects.get(pk=w.mallory.pk).erased_at is None,
    ),
    Attack(
        "a key of a signature that was erased",
        after(lambda w: services.erase(signature_id=w.mallory.pk), lambda w: w.get(w.own("data.json", fresh=True))),
        410,
    ),
    Attack("another's code", lambda w: w.post(w.handle(w.beto), code=tokens.code(w.mallory.pk)), 422),
    Attack(
        "ten guesses, then the right code",
        guess,
        422,
        lambda w, r: Signature.objects.get(pk=w.beto.pk).state == "pending",
    ),
    Attack(
        "a cookie of one's own on another's confirmation",
        lambda w: with_cookie(w, "signed", tokens.SIGNED_HERE.make(w.mallory.pk)).get(
            f"/en/confirm/{tokens.CONFIRM.make(w.beto.pk)}/"
        ),
        200,
        lambda w, r: "data-submit" not in r.content.decode(),
    ),
    Attack(
        "the cookie of signing in the place of that of confirming",
        lambda w: with_cookie(w, "confirmed", tokens.SIGNED_HERE.make(w.ana.pk)).post(f"{PAGE}thanks/"),
        200,
    ),
]
