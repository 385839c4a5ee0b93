"""What the letters say: one function per letter, three templates each, in the signer's language.

No letter names the person it goes to. A name is whatever somebody typed beside an address that may not be theirs.
"""

from collections.abc import Hashable, Mapping
from email.utils import formataddr, parseaddr
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, OuterRef, Subquery, prefetch_related_objects
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from campaigns.models import CampaignText
from signatures import addresses, tokens
from signatures.models import ConsentEvent, Letter, LetterQuerySet, Signature
from signatures.stencils import PLAIN_ADDRESS, Stencil, filled, gap

TITLE = CampaignText.objects.filter(campaign=OuterRef("campaign"), language=OuterRef("language")).values("title")


def fetch(letters: LetterQuerySet) -> list[Letter]:
    """Letters with all that nearly all of them need to be written, in few queries for however many."""
    words = {"title": Subquery(TITLE[:1]), "slug": F("campaign__slug"), "organisation": F("campaign__organisation")}
    found = list(letters.annotate(**words))
    receipts = [letter for letter in found if letter.kind == Letter.Kind.RECEIPT]
    prefetch_related_objects(receipts, "signature__consent", "signature__consent_events")
    return found


def confirmation(letter: Letter) -> EmailMultiAlternatives:
    """Asks the owner of the address to confirm. Opening its link changes nothing: mail scanners open links."""
    signature_id = signature_of(letter)
    return compose(
        letter,
        gaps={
            "confirm": tokens.CONFIRM.make(signature_id),
            "not_me": tokens.NOT_ME.make(signature_id),
            "code": tokens.code(signature_id),
        },
        link=absolute("signatures:confirm", token=gap("confirm")),
        not_me=absolute("signatures:not_me", token=gap("not_me")),
        code=gap("code"),
    )


def already_signed(letter: Letter) -> EmailMultiAlternatives:
    """Says that this address has signed before, where the page must not say it, and brings the way to one's page."""
    return compose(letter, pages=pages(letter, is_fresh=False))


def receipt(letter: Letter) -> EmailMultiAlternatives:
    """Says what was agreed to, and brings the way to the signer's page."""
    signature = letter.signature
    if signature is None:
        raise Signature.DoesNotExist
    consent = signature.consent
    acts = [
        act
        for act in signature.consent_events.all()
        if act.kind in ConsentEvent.AGREEMENTS and act.consent_id == consent.pk
    ]
    agreed_at = acts[-1].at if acts else signature.created_at
    return compose(
        letter,
        gaps={"key": page_key(signature, is_fresh=False)},
        link=absolute("signatures:own", token=gap("key")),
        agreed_on=timezone.localdate(agreed_at),
        version=consent.version,
        agreed=(consent.text, getattr(consent, signature.visibility), *([consent.news] * signature.wants_updates)),
        is_address_deleted=not signature.email,
    )


def page(letter: Letter) -> EmailMultiAlternatives:
    """Brings the way to one's page, fresh from the mailbox."""
    hours = tokens.PageKey.FRESH_FOR.total_seconds() / 3600
    return compose(letter, pages=pages(letter, is_fresh=True), hours=int(hours))


def address_change(letter: Letter) -> EmailMultiAlternatives:
    """Asks the owner of a new address whether a signature may move to it."""
    change = tokens.NewAddress(signature_of(letter), letter.details["generation"], letter.to)
    return compose(
        letter,
        link=filled(absolute("signatures:new_address", token=gap("change")), {"change": change.seal()}),
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
    """The message for a letter that was fetched here, in its signer's language."""
    with translation.override(letter.language):
        return COMPOSERS[Letter.Kind(letter.kind)](letter)


def signature_of(letter: Letter) -> int:
    """Its id, of the kinds that are written for one signature. Raises Signature.DoesNotExist."""
    if letter.signature_id is None:
        raise Signature.DoesNotExist
    return letter.signature_id


def page_key(signature: Signature, *, is_fresh: bool) -> str:
    return tokens.PageKey(signature.pk, signature.link_generation, is_fresh).make()


def pages(letter: Letter, *, is_fresh: bool) -> list[dict[str, object]]:
    """The ways to all signatures that the letter's address has confirmed in its campaign: two at the most count."""
    signatures = Signature.objects.with_address(letter.campaign, bytes(letter.fingerprint or b""))
    found = signatures.exclude(state=Signature.State.PENDING).order_by("pk")
    link = absolute("signatures:own", token=gap("key"))
    return [
        {"confirmed_at": row.confirmed_at, "link": filled(link, {"key": page_key(row, is_fresh=is_fresh)})}
        for row in found
    ]


def absolute(name: str, **kwargs: str) -> str:
    """The address of a page, with gaps for tokens. Django takes longer over it than over all else in a letter."""
    return settings.SITE_URL + path(str(translation.get_language()), name, **kwargs)


@lru_cache(maxsize=128)
def path(language: str, name: str, **kwargs: str) -> str:
    """In the active language, which is this one."""
    return reverse(name, kwargs=kwargs)


def compose(letter: Letter, gaps: Mapping[str, str] | None = None, **extra: Any) -> EmailMultiAlternatives:
    """A message in the words of the letter's kind.

    With `gaps`, `extra` has marks in place of all that no other letter shares, and the message is filled in.
    """
    words: Any = letter  # with what `fetch` has added
    context = {
        "organisation": words.organisation,
        "title": words.title or words.slug,
        "page": absolute("campaigns:page", slug=words.slug),
        "days": settings.CONFIRMATION_MAX_AGE // (24 * 60 * 60),
        "unsubscribe": "",
        **extra,
    }
    headers = {"Message-ID": message_id(letter)}
    all_gaps = dict(gaps or {})
    if letter.kind not in Letter.ASKED_FOR:
        all_gaps["unsubscribe"] = tokens.make_unsubscribe(addresses.suppression_fingerprint(letter.to))
        context["unsubscribe"] = absolute("signatures:unsubscribe", token=gap("unsubscribe"))
        # RFC 8058: a mail program may unsubscribe with one POST, without showing a page.
        headers["List-Unsubscribe"] = f"<{filled(context['unsubscribe'], all_gaps)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    sender = settings.DEFAULT_FROM_EMAIL
    if gaps is not None and PLAIN_ADDRESS.fullmatch(letter.to):
        stencil = stencil_for(letter.kind, letter.language, sender, **context)
        if stencil.is_whole:
            return stencil.fill(all_gaps, to=letter.to, headers=headers)
    context |= {name: filled(value, all_gaps) for name, value in context.items() if isinstance(value, str)}
    message = render(letter.kind, sender, context)
    message.to = [letter.to]
    message.extra_headers |= headers
    return message


@lru_cache(maxsize=64)
def stencil_for(kind: str, language: str, sender: str, **context: Hashable) -> Stencil:
    """In the active language, which is this one. It is kept under all that it is made of, so that it is never stale."""
    return Stencil(render(kind, sender, context))


def render(kind: str, sender: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=one_line(render_to_string(f"emails/{kind}.subject.txt", context)),
        body=render_to_string(f"emails/{kind}.txt", context).strip() + "\n",
        from_email=formataddr((one_line(context["organisation"]), parseaddr(sender)[1])),
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"emails/{kind}.html", context), "text/html")
    return message


def one_line(text: str) -> str:
    """For a header, which ends where a line ends."""
    return " ".join(text.split())


def message_id(letter: Letter) -> str:
    """The same at each try, so that a letter sent twice arrives once; it tells nobody how many letters there are."""
    name = salted_hmac("signatures.emails.message_id", str(letter.pk), algorithm="sha256").hexdigest()[:32]
    return f"<{name}@{urlsplit(settings.SITE_URL).hostname}>"
