"""Every letter that there is, brought about by the services that write it and sent to the mail server of a test."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from campaigns.models import Campaign, ConsentText
from campaigns.services import publish_consent
from signatures import letters, reminders, services
from signatures.models import Letter, Signature

SLUG = "stand-with-victims-of-repression-in-peru"
LANGUAGES = ("en", "es")


def open_petition() -> Campaign:
    """The petition with its own words, which the letters quote."""
    call_command("load_campaign", SLUG, verbosity=0)
    Campaign.objects.update(state=Campaign.State.OPEN, organisation="Example Organisation")
    campaign = Campaign.objects.get()
    publish_consent(campaign=campaign)
    return campaign


def send_each_kind(campaign: Campaign, language: str) -> Iterator[str]:
    """Sends every letter there is, one by one, the receipt also to somebody who is counted only; yields its kind."""
    consent = ConsentText.objects.current(campaign, language)
    assert consent is not None
    known, other = f"ana.{language}@example.org", f"eva.{language}@example.org"

    def sign(email: str, visibility: str) -> Signature:
        attempt = services.Attempt(
            name="Ana Example", email=email, country="PE", visibility=visibility, wants_updates=visibility != "secret"
        )
        return services.sign(campaign=campaign, consent=consent, language=language, attempt=attempt)

    signature = sign(known, "delivered")
    yield send_one()
    Letter.objects.filter(signature=signature).update(sent_at=timezone.now() - timedelta(days=2))
    reminders.write_due()
    yield send_one()
    services.confirm(signature_id=signature.pk)
    yield send_one()
    sign(known, "delivered")
    yield send_one()
    services.ask_for_page(campaign=campaign, language=language, email=known)
    yield send_one()
    services.ask_for_address(signature_id=signature.pk, email=f"new.{language}@example.org")
    yield send_one()
    services.erase(signature_id=signature.pk)
    yield send_one()
    counted_only = sign(other, "secret")
    yield send_one()
    services.confirm(signature_id=counted_only.pk)
    yield send_one()


def send_one() -> str:
    assert letters.send_due() == 1
    return Letter.objects.latest("sent_at").kind
