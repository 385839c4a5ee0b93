"""Run as a script beside a site's settings: brings the site into each state that a page can show, with invented people.

What the tests need to reach those states it writes as JSON to the path it is given.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from unittest import mock

import django

LANGUAGES = ("es", "en")
NAMES = ("Rosa Ñahui", "محمد العربي", "Wolfeschlegelsteinhausenbergerdorff" * 2)


def main(slug: str, target: Path) -> None:
    from django.template.loader import render_to_string
    from django.utils import timezone

    from campaigns.models import Campaign, Update
    from signatures import services, tokens
    from signatures.models import Signature
    from signatures.visibility import Visibility

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

    def sign(name: str, email: str, *, visibility: str = Visibility.PUBLIC) -> Signature:
        consent = campaign.consent_texts.filter(language="es").latest("version")
        attempt = services.Attempt(name=name, email=email, country="PE", visibility=visibility, wants_updates=False)
        return services.sign(campaign=campaign, consent=consent, language="es", attempt=attempt)

    def confirm(signature: Signature) -> Signature:
        assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED
        return signature

    for number, name in enumerate(NAMES):
        confirm(sign(name, f"shown{number}@example.org"))
    pending = sign("Pending Example", "pending@example.org")
    confirmed = confirm(sign("Confirmed Example", "confirmed@example.org"))
    withdrawn = confirm(sign("Withdrawn Example", "withdrawn@example.org"))
    assert services.withdraw(signature_id=withdrawn.pk)
    for name in ("One Example", "Two Example"):
        confirm(sign(name, "shared@example.org"))
    taken = sign("Three Example", "shared@example.org")
    with mock.patch("django.core.signing.time.time", return_value=0):
        expired = tokens.CONFIRM.make(pending.pk)

    target.write_text(
        json.dumps(
            {
                "tokens": {
                    "pending": tokens.CONFIRM.make(pending.pk),
                    "confirmed": tokens.CONFIRM.make(confirmed.pk),
                    "withdrawn": tokens.CONFIRM.make(withdrawn.pk),
                    "taken": tokens.CONFIRM.make(taken.pk),
                    "gone": tokens.CONFIRM.make(10**9),
                    "expired": expired,
                },
                # No visitor can call these up while the site is well.
                "rendered": {name: render_to_string(f"{name}.html") for name in ("429", "500", "503")},
            }
        )
    )


WORDS = {"es": "Algo ocurrió desde entonces", "en": "Something has happened since"}


def copy(campaign: "campaigns.models.Campaign", **fields: object) -> None:  # noqa: F821  (no Django yet)
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
