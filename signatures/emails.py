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
from signatures import addresses, tokens
from signatures.models import ConsentEvent, Letter, Signature

Visibility = Signature.Visibility


def confirmation(letter: Letter) -> EmailMultiAlternatives:
    """Asks the owner of the address to confirm. Opening its link changes nothing: mail scanners open links."""
    signature = signature_of(letter)
    return compose(
        letter,
        link=absolute("signatures:confirm", token=tokens.CONFIRM.make(signature.pk)),
        not_me=absolute("signatures:not_me", token=tokens.NOT_ME.make(signature.pk)),
        code=tokens.code(signature.pk),
    )


def already_signed(letter: Letter) -> EmailMultiAlternatives:
    """Says that this address has signed before, where the page must not say it, and brings the way to one's page."""
    return compose(letter, pages=pages(letter, is_fresh=False))


def receipt(letter: Letter) -> EmailMultiAlternatives:
    """Says what was agreed to, and brings the way to the signer's page."""
    signature = signature_of(letter)
    consent = signature.consent
    agreed = signature.consent_events.filter(kind__in=ConsentEvent.AGREEMENTS, consent=consent).last()
    return compose(
        letter,
        link=page_link(signature, is_fresh=False),
        consent=consent,
        choice=getattr(consent, signature.visibility),
        agreed_at=agreed.at if agreed else signature.created_at,
        wants_updates=signature.wants_updates,
        is_address_deleted=not signature.email,
    )


def page(letter: Letter) -> EmailMultiAlternatives:
    """Brings the way to one's page, fresh from the mailbox."""
    hours = tokens.PageKey.FRESH_FOR.total_seconds() / 3600
    return compose(letter, pages=pages(letter, is_fresh=True), hours=int(hours))


def address_change(letter: Letter) -> EmailMultiAlternatives:
    """Asks the owner of a new address whether a signature may move to it."""
    change = tokens.NewAddress(signature_of(letter).pk, letter.details["generation"], letter.to)
    return compose(
        letter,
        link=absolute("signatures:new_address", token=change.seal()),
        change_days=tokens.NewAddress.MAX_AGE.days,
    )


def erased(letter: Letter) -> EmailMultiAlternatives:
    """Says that it is done, and what remains."""
    return compose(letter, backup_days=settings.BACKUP_DAYS)


COMPOSERS = {
    Letter.Kind.CONFIRMATION: confirmation,
    Letter.Kind.ALREADY_SIGNED: already_signed,
    Letter.Kind.REMINDER: confirmation,
    Letter.Kind.RECEIPT: receipt,
    Letter.Kind.PAGE_LINK: page,
    Letter.Kind.ADDRESS_CHANGE: address_change,
    Letter.Kind.ERASED: erased,
}


def write(letter: Letter) -> EmailMultiAlternatives:
    """The message for a letter, in its signer's language."""
    with translation.override(letter.language):
        return COMPOSERS[Letter.Kind(letter.kind)](letter)


def signature_of(letter: Letter) -> Signature:
    """Of the kinds that are written for one signature. Raises Signature.DoesNotExist."""
    if letter.signature is None:
        raise Signature.DoesNotExist
    return letter.signature


def page_link(signature: Signature, *, is_fresh: bool) -> str:
    key = tokens.PageKey(signature.pk, signature.link_generation, is_fresh)
    return absolute("signatures:own", token=key.make())


def pages(letter: Letter, *, is_fresh: bool) -> list[dict[str, object]]:
    """The ways to all signatures that the letter's address has confirmed in its campaign: two at the most count."""
    signatures = Signature.objects.with_address(letter.campaign, bytes(letter.fingerprint or b""))
    found = signatures.exclude(state=Signature.State.PENDING).order_by("pk")
    return [{"confirmed_at": row.confirmed_at, "link": page_link(row, is_fresh=is_fresh)} for row in found]


def absolute(name: str, **kwargs: object) -> str:
    return settings.SITE_URL + reverse(name, kwargs=kwargs)


def compose(letter: Letter, **extra: object) -> EmailMultiAlternatives:
    campaign = letter.campaign
    text = CampaignText.objects.filter(campaign=campaign, language=letter.language).first()
    headers = {"Message-ID": message_id(letter), "Auto-Submitted": "auto-generated"}
    unsubscribe = ""
    if letter.kind not in Letter.ASKED_FOR:
        token = tokens.make_unsubscribe(addresses.suppression_fingerprint(letter.to))
        unsubscribe = absolute("signatures:unsubscribe", token=token)
        # RFC 8058: a mail program may unsubscribe with one POST, without showing a page.
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    context = {
        "campaign": campaign,
        "title": text.title if text else campaign.slug,
        "page": absolute("campaigns:page", slug=campaign.slug),
        "days": settings.CONFIRMATION_MAX_AGE // (24 * 60 * 60),
        "unsubscribe": unsubscribe,
        **extra,
    }
    message = EmailMultiAlternatives(
        subject=one_line(render_to_string(f"emails/{letter.kind}.subject.txt", context)),
        body=render_to_string(f"emails/{letter.kind}.txt", context).strip() + "\n",
        from_email=formataddr((one_line(campaign.organisation), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[letter.to],
        headers=headers,
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
