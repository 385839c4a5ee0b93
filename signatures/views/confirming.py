"""What the links in letters lead to: confirming, “this was not me”, a new address, no more letters; and thanks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from campaigns.models import CampaignText, ConsentText
from campaigns.views import find_text
from signatures import addresses, holdings, limits, pausing, second_looks, services, suppression, tasks, tokens
from signatures.models import Signature, Suppression
from signatures.services import Changed, Confirmation
from signatures.views.answers import CONFIRMED_HERE, SIGNED_HERE, forget, private, remember, see
from signatures.visibility import Output, shown

STATUS = {"broken": 404, "expired": 410, "gone": 410, "moved": 410, "old": 410, "taken": 409, "withdrawn": 409}
REASONS = {
    Confirmation.ADDRESS_IS_TAKEN: "taken",
    Confirmation.WITHDRAWN: "withdrawn",
    Confirmation.GONE: "gone",
}


def failed(request: HttpRequest, reason: str, *, text: CampaignText | None = None, **context: object) -> HttpResponse:
    """Why nothing was confirmed, and what to do now."""
    context |= {"text": text, "reason": reason}
    return render(request, "signatures/confirm_failed.html", context, status=STATUS[reason])


def words_of(signature: Signature) -> CampaignText | None:
    """The campaign's words in the language of the address, which its letters may not have been in."""
    return CampaignText.objects.in_language(get_language()).filter(campaign=signature.campaign_id).first()


def is_by(request: HttpRequest, cookie: str, purpose: tokens.Purpose, signature_id: int) -> bool:
    """Whether this browser carries our cookie for just this signature."""
    try:
        return purpose.read(request.COOKIES.get(cookie, "")) == signature_id
    except (tokens.BadToken, tokens.ExpiredToken):
        return False


@private("GET", "HEAD", "POST")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing; POST confirms.

    Where this browser carries the cookie from signing, the page presses the button by itself. A link that is too old
    offers a new letter instead.
    """
    try:
        signature_id = tokens.CONFIRM.read(token)
    except tokens.ExpiredToken as error:
        return expired(request, error.signature_id)
    except tokens.BadToken:
        return failed(request, "broken")
    if request.method == "POST":
        outcome = services.confirm(signature_id=signature_id)
        tasks.nudge_letters()
        return welcome(request, signature_id, outcome)
    signature = Signature.objects.select_related("consent").filter(pk=signature_id).first()
    if signature is None:
        return failed(request, "gone")
    return show(request, signature, words_of(signature))


def show(request: HttpRequest, signature: Signature, text: CampaignText | None) -> HttpResponse:
    """What is to be confirmed: somebody else may have typed another name, and chosen otherwise, for the same address.

    The name in initials only, since the address may be a slip of whoever signed, and its owner a stranger to them.
    """
    context = {
        "text": text,
        "signature": signature,
        "choice": getattr(signature.consent, signature.visibility),
        "initials": initials(str(shown(signature, "name", Output.SIGNER))),
        "submits_itself": is_by(request, SIGNED_HERE, tokens.SIGNED_HERE, signature.pk),
    }
    return render(request, "signatures/confirm.html", context)


def initials(name: str) -> str:
    return " ".join(f"{word[0]}." for word in name.split())


def expired(request: HttpRequest, signature_id: int) -> HttpResponse:
    found = Signature.objects.select_related("campaign", "consent")
    signature = found.filter(pk=signature_id).first()
    if signature is None:
        return failed(request, "gone")
    text = words_of(signature)
    if signature.state != Signature.State.PENDING:
        return show(request, signature, text)
    if request.method != "POST" or text is None:
        return failed(request, "expired", text=text)
    services.resend(campaign=signature.campaign, language=text.language, signature_id=signature_id)
    tasks.nudge_letters()
    handle = tokens.Handle(signature_id, addresses.masked(signature.email))
    return see("check_email", slug=signature.campaign.slug, handle=handle.seal(), said="resent")


def welcome(request: HttpRequest, signature_id: int, outcome: Confirmation) -> HttpResponse:
    """To the thank-you page, which knows by a cookie for some minutes who has just confirmed; or why nobody has."""
    found = Signature.objects.filter(pk=signature_id)
    if outcome not in (Confirmation.CONFIRMED, Confirmation.CONFIRMED_BEFORE):
        signature = found.first()
        return failed(request, REASONS[outcome], text=words_of(signature) if signature else None)
    response = see("thanks", slug=found.values_list("campaign__slug", flat=True).get())
    if outcome is Confirmation.CONFIRMED:
        token = tokens.CONFIRMED_HERE.make(signature_id)
        remember(response, CONFIRMED_HERE, token, tokens.CONFIRMED_HERE.max_age)
    forget(response, SIGNED_HERE)
    return response


@private("GET", "HEAD", "POST")
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """Thanks, and to whoever has just confirmed with their name, the offer to show it on the page."""
    text = find_text(slug)
    try:
        signature_id = tokens.CONFIRMED_HERE.read(request.COOKIES.get(CONFIRMED_HERE, ""))
    except (tokens.BadToken, tokens.ExpiredToken):
        return render(request, "signatures/thanks.html", {"text": text})
    signature = Signature.objects.confirmed().filter(pk=signature_id, campaign=text.campaign).first()
    consent = ConsentText.objects.current(text.campaign, text.language)
    if request.method == "POST" and "second_look" in request.POST:
        return (signature and ask_to_look(request, signature)) or see("thanks", slug=slug)
    is_asked = request.method == "POST" and not pausing.is_on()
    if is_asked and signature and consent and signature.visibility == Signature.Visibility.DELIVERED:
        line = services.Line(signature.name, signature.country.code, Signature.Visibility.PUBLIC)
        services.change(signature_id=signature_id, line=line, consent=consent)
        return see("thanks", slug=slug)
    review = holdings.review_of(signature) if signature else None
    context = {"text": text, "signature": signature, "consent": consent, "review": review}
    return render(request, "signatures/thanks.html", context)


def ask_to_look(request: HttpRequest, signature: Signature) -> HttpResponse | None:
    """Asks staff for a second look, where there is anything to ask for; the answer where that was too often."""
    if second_looks.of(signature).may_be_asked_for:
        if limits.hit("second_look", request, signature.campaign_id):
            return limits.too_many(request, "second_look", signature.campaign_id)
        services.ask_for_second_look(signature_id=signature.pk)
    return None


@private("GET", "HEAD", "POST")
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """Shows what it would do; POST deletes the pending signature, and notes an address that wants no letters."""
    try:
        signature_id = tokens.NOT_ME.read(token)
    except tokens.ExpiredToken:
        return failed(request, "old")
    except tokens.BadToken:
        return failed(request, "broken")
    signature = Signature.objects.filter(pk=signature_id).first()
    context: dict[str, object] = {"signature": signature, "text": words_of(signature) if signature else None}
    if request.method == "POST" and signature and signature.state == Signature.State.PENDING:
        never_again = "never_again" in request.POST
        services.disown(signature_id=signature_id, never_again=never_again)
        context |= {"is_done": True, "never_again": never_again}
    return render(request, "signatures/not_me.html", context)


@private("GET", "HEAD", "POST")
def new_address(request: HttpRequest, token: str) -> HttpResponse:
    """POST moves the signature to the address whose owner followed the link."""
    try:
        change = tokens.NewAddress.read(token)
    except tokens.BadToken:
        return failed(request, "broken")
    signature = Signature.objects.confirmed().filter(pk=change.signature_id).first()
    if signature is None:
        return failed(request, "gone")
    text = words_of(signature)
    if signature.link_generation != change.generation:
        return failed(request, "moved", text=text)
    if request.method != "POST":
        return render(request, "signatures/new_address.html", {"text": text})
    outcome = services.change_address(change=change)
    tasks.nudge_letters()
    if outcome is not Changed.DONE:
        return failed(request, "taken" if outcome is Changed.ADDRESS_IS_TAKEN else "gone", text=text)
    return render(request, "signatures/new_address.html", {"text": text, "is_done": True})


@private("GET", "HEAD", "POST")
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """POST, from a person or from their mail program (RFC 8058), stops letters that were not asked for."""
    try:
        fingerprint = tokens.read_unsubscribe(token)
    except tokens.BadToken:
        return failed(request, "broken")
    if request.method == "POST":
        suppression.suppress(fingerprint, Suppression.Reason.UNSUBSCRIBED)
    return render(request, "signatures/unsubscribe.html", {"is_done": request.method == "POST"})
