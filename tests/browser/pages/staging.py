"""Run as a script beside a site's settings: brings the site into each state that a page can show, with invented people.

What the tests need to reach those states it writes as JSON to the path it is given.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import django

if TYPE_CHECKING:  # no Django yet
    from campaigns.models import Campaign
    from signatures.models import Signature

LANGUAGES = ("es", "en")
NAMES = ("Rosa Ñahui", "محمد العربي", "Wolfeschlegelsteinhausenbergerdorff" * 2)


def main(slug: str, target: Path) -> None:
    from django.template.loader import render_to_string
    from django.utils import timezone

    from campaigns.models import Campaign, Update
    from signatures import services
    from signatures.models import Signature

    now = timezone.now()
    campaign = Campaign.objects.get(slug=slug)
    campaign.progress_shown_from = 1
    campaign.corrections_name = campaign.corrections_name or "Ana Example"
    campaign.corrections_email = campaign.corrections_email or "corrections@example.org"
    campaign.save()
    for language in LANGUAGES:
        for number in (1, 2):
            Update.objects.create(
                campaign=campaign,
                language=language,
                published_at=now - timedelta(days=number),
                title=f"{number}. {WORDS[language]}",
                body=f"{WORDS[language]}.",
                source="https://example.org/" + "a-long-address/" * 8,
                reviewer="Ana Example",
            )
    for state, fields in {
        "closed": {"state": Campaign.State.CLOSED},
        "paused": {"state": Campaign.State.PAUSED},
        "not-yet-open": {"opens_at": now + timedelta(days=1)},
    }.items():
        copy(campaign, slug=state, **fields)

    for number, name in enumerate(NAMES):
        shown = sign(campaign, name, f"shown{number}@example.org", language="es")
        assert services.confirm(signature_id=shown.pk) is services.Confirmation.CONFIRMED
        line = services.Line(name, "PE", Signature.Visibility.PUBLIC)
        services.change(signature_id=shown.pk, line=line, consent=shown.consent)

    tokens = {language: stage(campaign, language) for language in LANGUAGES}
    for language in LANGUAGES:
        hand_over(campaign, f"Listed {language.upper()} Example", is_answered=language == "es")

    target.write_text(
        json.dumps(
            {
                "tokens": tokens,
                # No visitor can call these up while the site is well.
                "rendered": {name: render_to_string(f"{name}.html", {"minutes": 45}) for name in ("429", "500", "503")},
            }
        )
    )


def sign(campaign: "Campaign", name: str, email: str, *, language: str, visibility: str = "delivered") -> "Signature":
    from campaigns.models import ConsentText
    from signatures import services

    consent = ConsentText.objects.current(campaign, language)
    assert consent is not None
    attempt = services.Attempt(name=name, email=email, country="PE", visibility=visibility, wants_updates=False)
    return services.sign(campaign=campaign, consent=consent, language=language, attempt=attempt)


def stage(campaign: "Campaign", language: str) -> dict[str, str]:
    """A signature in each state, of signers who read that language; their tokens, each by the page that it opens."""
    from signatures import services
    from signatures.models import Signature
    from signatures.tokens import CONFIRM, CONFIRMED_HERE, NOT_ME, Handle, NewAddress, PageKey, make_unsubscribe

    def pending(name: str, **fields: str) -> "Signature":
        mailbox = name.lower().replace(" ", ".")
        return sign(campaign, f"{name} Example", f"{mailbox}.{language}@example.org", language=language, **fields)

    def confirmed(name: str, **fields: str) -> "Signature":
        signature = pending(name, **fields)
        assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED
        return signature

    waiting, handed_over, withdrawn = pending("Pending"), confirmed("Delivered"), confirmed("Withdrawn")
    assert services.withdraw(signature_id=withdrawn.pk)
    public = confirmed("Public")
    line = services.Line("Public Example", "PE", Signature.Visibility.PUBLIC)
    services.change(signature_id=public.pk, line=line, consent=public.consent)
    listed = confirmed(f"Listed {language.upper()}")
    secret, held, erased = confirmed("Secret", visibility="secret"), confirmed("Held"), confirmed("Erased")
    Signature.objects.filter(pk=held.pk).update(moderation="held", moderation_reason="Somebody asked Ana Example")
    services.erase(signature_id=erased.pk)
    for name in ("One", "Two"):
        first = sign(campaign, f"{name} Example", f"shared.{language}@example.org", language=language)
        services.confirm(signature_id=first.pk)
    taken = sign(campaign, "Three Example", f"shared.{language}@example.org", language=language)
    moving, moved = confirmed("Moving"), confirmed("Moved")
    with mock.patch("django.core.signing.time.time", return_value=0):
        expired = CONFIRM.make(waiting.pk)
    return {
        "pending": CONFIRM.make(waiting.pk),
        "confirmed": CONFIRM.make(handed_over.pk),
        "withdrawn": CONFIRM.make(withdrawn.pk),
        "taken": CONFIRM.make(taken.pk),
        "gone": CONFIRM.make(10**9),
        "expired": expired,
        "handle": Handle(waiting.pk, "p…g@example.org").seal(),
        "just-confirmed": CONFIRMED_HERE.make(handed_over.pk),
        "just-shown": CONFIRMED_HERE.make(public.pk),
        "own": PageKey(handed_over.pk, 0).make(),
        "own-fresh": PageKey(public.pk, 0, is_fresh=True).make(),
        "own-secret": PageKey(secret.pk, 0).make(),
        "own-held": PageKey(held.pk, 0).make(),
        "own-withdrawn": PageKey(withdrawn.pk, 0, is_fresh=True).make(),
        "own-handed-over": PageKey(listed.pk, 0, is_fresh=True).make(),
        "own-erased": PageKey(erased.pk, 0).make(),
        "not-me": NOT_ME.make(waiting.pk),
        "not-me-confirmed": NOT_ME.make(handed_over.pk),
        "not-me-gone": NOT_ME.make(10**9),
        "not-me-done": NOT_ME.make(pending("Disowned").pk),
        "new-address": NewAddress(moving.pk, 0, f"other.{language}@example.org").seal(),
        "new-address-done": NewAddress(moved.pk, 0, f"another.{language}@example.org").seal(),
        "unsubscribe": make_unsubscribe(language.encode() * 16),
    }


def hand_over(campaign: "Campaign", name: str, *, is_answered: bool) -> None:
    """A delivery of the one signature with that name, twelve days ago: written as it is once its pack is ready, so that
    the site's workers leave it alone."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from signatures.deliveries import handing_over
    from signatures.models import DeliveredSignature, Delivery, Pack, Signature

    staff = get_user_model().objects.get_or_create(username="delivers")[0]
    now = timezone.now()
    day = timezone.localdate() - timedelta(days=12)
    numbers = {"counted": 1, "before": 0, "signatures": 1, "names": 1}
    delivery = Delivery.objects.create(
        campaign=campaign, state="approved", staff=staff, day=day, place="Lima", letters={}, frozen_at=now, **numbers
    )
    signature = Signature.objects.get(campaign=campaign, name=name)
    DeliveredSignature.objects.create(signature=signature, delivery=delivery, number=1)
    pack = Pack.objects.create(delivery=delivery, state="ready", made_at=now, names=1)
    facts = handing_over.Facts(on=day, how="At the desk", to_whom="Ana Example")
    assert handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=facts, staff=staff)
    if is_answered:
        answer = "\n\n".join([f"Hemos recibido su petición. {'Respondimos' * 6}."] * 2)
        handing_over.record_answer(delivery_id=delivery.pk, on=timezone.localdate(), answer=answer, language="es")


WORDS = {"es": "Algo ocurrió desde entonces", "en": "Something has happened since"}


def copy(campaign: "Campaign", **fields: object) -> None:
    """The same campaign at another address, in another state."""
    from campaigns.services import publish_consent

    texts = list(campaign.texts.all())
    other = type(campaign).objects.get(pk=campaign.pk)
    other.pk = None
    for name, value in fields.items():
        setattr(other, name, value)
    other.save()
    for text in texts:
        text.pk, text.campaign, text.alias = None, other, ""
        text.save()
    publish_consent(campaign=other)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    django.setup()
    main(sys.argv[1], Path(sys.argv[2]))
