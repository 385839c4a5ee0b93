"""What is typed for a name or an address, and floods of it."""

from django.http import HttpResponse

from signatures import services, tokens
from signatures.models import Letter, Signature
from tests.helpers import make_signature
from tests.promises.attacks.world import PAGE, SCRIPT, Attack, World, nothing_stored


def escaped(world: World, response: HttpResponse) -> bool:
    return SCRIPT not in response.content.decode() and "&lt;script&gt;" in response.content.decode()


def show_script(world: World, path: str) -> HttpResponse:
    services.change(
        signature_id=world.mallory.pk,
        line=services.Line(f"Mallory {SCRIPT}", "PE", Signature.Visibility.PUBLIC),
        consent=world.mallory.consent,
    )
    return world.get(path)


NAMES = [
    Attack("a script for a name, on the page", lambda w: show_script(w, PAGE), 200, escaped),
    Attack("a script for a name, on one's own page", lambda w: show_script(w, w.own(fresh=True)), 200, escaped),
    Attack(
        "a script for a name, on the confirmation",
        lambda w: w.get(f"/en/confirm/{tokens.CONFIRM.make(make_signature(w.campaign, name=SCRIPT).pk)}/"),
        200,
        lambda w, r: SCRIPT not in r.content.decode(),
    ),
    Attack("a script for a name that comes back", lambda w: w.sign(name=SCRIPT, email="no"), 422, escaped),
    Attack("a script for an address that comes back", lambda w: w.sign(email=f'"{SCRIPT}"'), 422, escaped),
    Attack(
        "a script for a name, as data",
        lambda w: show_script(w, w.own("data.json", fresh=True)),
        200,
        lambda w, r: r["Content-Type"] == "application/json" and r["Content-Disposition"].startswith("attachment"),
    ),
    Attack("an address in letters that look Latin", lambda w: w.sign(email="аna@example.net"), 422, nothing_stored),
    Attack(
        "a domain in letters that look Latin",
        lambda w: w.sign(email="ana@ехample.net"),
        303,
        lambda w, r: Signature.objects.latest("pk").email.startswith("ana@xn--"),
    ),
    Attack("a name that turns the line round", lambda w: w.sign(name="Ana \u202egro.elpmaxe"), 422, nothing_stored),
    Attack("a name that cannot be seen", lambda w: w.sign(name="\u3164"), 422, nothing_stored),
    Attack("a NUL in a name", lambda w: w.sign(name="Ana\0"), 422, nothing_stored),
]


def flood(world: World) -> HttpResponse:
    """From one network, in all the ways there are, to Ana's address."""
    for _n in range(8):
        world.sign(email=world.ana.email)
        world.post(world.handle(world.ana) + "resend/")
        world.post(f"{PAGE}signature/", email=world.ana.email)
    return world.post(f"{PAGE}signature/", email=world.ana.email)


def guess_from_many_addresses(world: World) -> HttpResponse:
    """Thirty codes, each under another X-Forwarded-For, which nobody trusts here."""
    page = world.handle(world.mallory)
    for n in range(30):
        world.client.post(
            page, {"code": "000000"}, headers={"X-Forwarded-For": f"198.51.{n}.7", "X-Real-IP": f"203.0.{n}.1"}
        )
    return world.client.post(page, {"code": "000000"}, headers={"X-Forwarded-For": "198.51.100.99"})


def letters_of_ana(world: World, response: HttpResponse) -> bool:
    """So many as her share for one network allows, of each kind."""
    sent = Letter.objects.filter(to=world.ana.email, state="waiting")
    return all(sent.filter(kind=kind).count() <= 3 for kind in ("confirmation", "already_signed", "page_link"))


LIMITED = [
    Attack("a flood of letters to one address", flood, 303, letters_of_ana),
    Attack("guesses under forged addresses", guess_from_many_addresses, 429),
    Attack(
        "capitals for another address",
        lambda w: w.sign(email="ANA@EXAMPLE.NET", name="Ana"),
        303,
        lambda w, r: (
            services.confirm(signature_id=Signature.objects.latest("pk").pk) is not services.Confirmation.CONFIRMED
        ),
    ),
]
