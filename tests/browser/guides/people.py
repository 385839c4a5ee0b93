"""People for the pictures of the guides for staff, invented by the same chance each time: six weeks of a campaign, two
crowds, who signs later, and those who wait for somebody of the staff to look. Imported once Django is set up."""

from collections.abc import Collection
from datetime import datetime, timedelta
from random import Random

import time_machine
from django.contrib.auth.models import User

from campaigns.models import Campaign, ConsentText
from signatures import services
from signatures.generating import Maker, next_batch, write
from signatures.models import Doubt, Origin, Rule, Signature
from signatures.reasons import Reason
from signatures.signals import Signal
from tests.browser.guides.words import CROWD, OLD_CROWD

DAYS, N = 40, 2_600


def signed_before(campaign: Campaign, now: datetime) -> None:
    """Six weeks of a campaign, with a crowd out of one network twelve days ago."""
    chance = Random(7)
    ago = sorted((chance.random() ** 2 * DAYS * 86_400 + 600 for _ in range(N)), reverse=True)
    moments = [(now - timedelta(seconds=seconds), "") for seconds in ago]
    invent(campaign, now, chance, [*moments, *((now - timedelta(days=12, seconds=n), OLD_CROWD) for n in range(140))])
    # Who comes from where is looked at by days, and when these begin hangs on when the pictures are made.
    Origin.objects.all().delete()
    Doubt.objects.all().delete()


def crowd(campaign: Campaign, now: datetime) -> None:
    """Sixty within a moment: of yesterday shortly after midnight, or too few tens of minutes would have passed since
    the first of them for any to be usual, and nothing would stand out."""
    invent(campaign, now, Random(8), [(now - timedelta(minutes=30), CROWD) for _ in range(60)])


def late(campaign: Campaign, now: datetime) -> None:
    """Who is in no delivery yet. They signed days ago, or nobody of today would stand out beside them."""
    invent(campaign, now, Random(9), [(now - timedelta(days=3, hours=2 * n), "") for n in range(300)])


def invent(campaign: Campaign, now: datetime, chance: Random, moments: list[tuple[datetime, str]]) -> None:
    maker = Maker(campaign, N)
    maker.now, maker.chance = now, chance
    maker.moderation = lambda state: "clear"
    write(maker.batch(*next_batch(iter(moments))))


def doubted(campaign: Campaign, staff: User, words: dict[str, str], now: datetime) -> dict[str, int]:
    """Who waits for somebody of the staff to look."""
    Rule.objects.create(
        kind="domain",
        pattern="rafaga.example.net",
        key="rafaga.example.net",
        action="hold",
        note=words["rule"],
        made_by=staff,
    )

    def person(
        name: str, address: str, hours: float, found: Collection[Signal] = (), is_confirmed: bool = True
    ) -> Signature:
        with time_machine.travel(now - timedelta(hours=hours, minutes=10), tick=False):
            signature = sign(campaign, name, address, found)
            if is_confirmed:
                assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED
        return signature

    person("Wayra Quispe Rojas", "wayra@rafaga.example.net", 29)
    both = (Signal.CROWD, Signal.ONE_NAME)
    person("Juan Pérez", "juan.perez.1@example.org", 5, both)
    person("Juan Pérez", "juan.perez.2@example.org", 5, both)
    looked_at = person("Compre relojes baratos", "ofertas@example.com", 3, (Signal.HONEYPOT, Signal.CROWD))
    person("Killa Mamani Flores", "killa@example.net", 2, (Signal.DISPOSABLE,))
    rejected = person("Prueba Prueba", "prueba@example.org", 50)
    chosen = Signature.objects.filter(pk=rejected.pk)
    why = services.Why(Reason.TEST, words["tested"])
    with time_machine.travel(now - timedelta(hours=40, minutes=10), tick=False):
        services.moderate(action="reject", signatures=chosen, why=why, staff=staff)
    with time_machine.travel(now - timedelta(hours=1, minutes=10), tick=False):
        assert services.ask_for_second_look(signature_id=rejected.pk)
    person("Zoila Ccori Ttito", "zoila@example.org", 1, is_confirmed=False)
    return {"signature": looked_at.pk}


def sign(campaign: Campaign, name: str, address: str, found: Collection[Signal] = ()) -> Signature:
    consent = ConsentText.objects.current(campaign, "es")
    assert consent is not None
    attempt = services.Attempt(name=name, email=address, country="PE", visibility="delivered", wants_updates=False)
    return services.sign(campaign=campaign, consent=consent, language="es", attempt=attempt, found=frozenset(found))
