"""What the letters say: one function per letter, three templates each, in the signer's language.

No letter names the person it goes to. A name is whatever somebody typed beside an address that may not be theirs.
"""

from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac

from campaigns.models import CampaignText
from signatures import tokens
from signatures.models import Letter


def confirmation(letter: Letter) -> EmailMultiAlternatives:
    """Asks the owner of the address to confirm. Opening its link changes nothing: mail scanners open links."""
    return compose(letter, link=absolute("signatures:confirm", token=tokens.make_confirm(letter.signature_id)))


def already_signed(letter: Letter) -> EmailMultiAlternatives:
    """Says that this address has signed before, where the page must not say it."""
    return compose(letter)


COMPOSERS = {
    Letter.Kind.CONFIRMATION: confirmation,
    Letter.Kind.ALREADY_SIGNED: already_signed,
}


def write(letter: Letter) -> EmailMultiAlternatives:
    """The message for a letter, in its signer's language."""
    with translation.override(letter.language):
        return COMPOSERS[Letter.Kind(letter.kind)](letter)


def absolute(name: str, **kwargs: object) -> str:
    return settings.SITE_URL + reverse(name, kwargs=kwargs)


def compose(letter: Letter, **extra: object) -> EmailMultiAlternatives:
    campaign = letter.campaign
    text = CampaignText.objects.filter(campaign=campaign, language=letter.language).first()
    context = {
        "campaign": campaign,
        "title": text.title if text else campaign.slug,
        "page": absolute("campaigns:page", slug=campaign.slug),
        "days": settings.CONFIRMATION_MAX_AGE // (24 * 60 * 60),
        **extra,
    }
    message = EmailMultiAlternatives(
        subject=one_line(render_to_string(f"emails/{letter.kind}.subject.txt", context)),
        body=render_to_string(f"emails/{letter.kind}.txt", context),
        from_email=formataddr((one_line(campaign.organisation), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[letter.to],
        headers={"Message-ID": message_id(letter), "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"emails/{letter.kind}.html", context), "text/html")
    return message


def one_line(text: str) -> str:
    """For a header, which ends where a line ends."""
    return " ".join(text.split())


def message_id(letter: Letter) -> str:
    """The same at each try, so that a letter sent twice arrives once; it tells nobody how many letters there are."""
    name = salted_hmac("signatures.emails.message_id", str(letter.pk), algorithm="sha256").hexdigest()[:32]
    return f"<{name}@{urlsplit(settings.SITE_URL).hostname}>"
