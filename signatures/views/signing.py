"""From the sign box to "check your email", with its three ways on, and the challenge that may lie between."""

from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns.sharing import CHANNELS
from campaigns.views import find_consent, find_text
from signatures import addresses, cards, challenges, limits, network, noticing, services, signals, tally, tasks, tokens
from signatures.challenges import Verdict
from signatures.forms import CodeForm, SignForm
from signatures.models import Letter, Signature
from signatures.services import Confirmation
from signatures.views.answers import SIGNED_HERE, loading, private, remember, see
from signatures.views.confirming import failed, welcome

Kind = Letter.Kind


@private("GET", "HEAD", "POST")
def sign(request: HttpRequest, slug: str) -> HttpResponse:
    text = find_text(slug)
    if request.method != "POST":  # the language was switched, or the page loaded again, after an error
        return redirect(text)
    if not text.campaign.is_open:
        return render(request, "campaigns/page.html", {"text": text}, status=409)
    consent = find_consent(text)
    if consent is None:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        problem = _("What was sent is too large. Please fill in the form again.")
        return render(request, "campaigns/page.html", {"text": text, "problem": problem}, status=413)
    try:
        data = request.POST
    except (SuspiciousOperation, BadRequest, MultiPartParserError):
        problem = _("What was sent could not be read. Please fill in the form again.")
        return render(request, "campaigns/page.html", {"text": text, "problem": problem}, status=400)
    form = SignForm(data, consent_text=consent)
    if not form.is_valid():
        return render(request, "campaigns/page.html", {"text": text, "form": form}, status=422)
    noticed = noticing.notice(request, text.campaign, form.attempt, is_honeypot_filled=form.is_honeypot_filled)
    if noticed.too_much:
        return limits.too_many(request, *noticed.too_much)
    signature = services.sign(
        campaign=text.campaign,
        consent=consent,
        language=text.language,
        attempt=form.attempt,
        origin=network.origin_of(request),
        client=network.client_address(request),
        found=noticed.signals,
        is_beyond_share=noticed.is_beyond_share,
    )
    tasks.nudge_letters()
    if channel := channel_of(request):
        tally.count_via(text.campaign_id, channel)
    handle = tokens.Handle(signature.pk, addresses.masked(signature.email))
    # By what was noticed alone, never by what is known of the address.
    is_asked = signals.is_worth_a_challenge(noticed.signals)
    response = see("challenge" if is_asked else "check_email", slug=slug, handle=handle.seal())
    remember(response, SIGNED_HERE, tokens.SIGNED_HERE.make(signature.pk), tokens.SIGNED_HERE.max_age)
    return response


def channel_of(request: HttpRequest) -> str:
    """The channel in the address of the page that the form was on, empty where there is none that we know.

    The page itself is the same for everyone and kept by caches, so only the browser's referrer can tell.
    """
    query = request.headers.get("Referer", "").partition("?")[2].partition("#")[0]
    channel = QueryDict(query).get("via", "")
    return channel if channel in CHANNELS else ""


@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that link previews show."""
    response = HttpResponse(cards.picture(find_text(slug)), content_type="image/png")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, public=True, max_age=3600)
    return response


@private("GET", "HEAD", "POST")
def challenge(request: HttpRequest, slug: str, handle: str) -> HttpResponse:
    """What whoever is doubted may solve. The letter is on its way already, and each way on leads to its page.

    Like that page this one asks the database nothing about the attempt. It alone may load what the challenge needs.
    """
    text = find_text(slug)
    try:
        known = tokens.Handle.read(handle)
    except tokens.BadToken:
        return failed(request, "broken", text=text)
    asked = challenges.current()
    context = {"text": text, "address": known.address, "handle": handle, "challenge": asked}
    if request.method != "POST":
        page = render(request, "signatures/challenge.html", context | asked.ask(known.signature_id))
        return loading(page, asked.sources)
    if limits.hit("challenge", request, text.campaign_id):
        return see("check_email", slug=slug, handle=handle)
    match asked.check(request, known.signature_id):
        case Verdict.SOLVED:
            services.pass_challenge(campaign=text.campaign, signature_id=known.signature_id)
            return see("check_email", slug=slug, handle=handle, said="passed")
        case Verdict.AWAY:
            return see("check_email", slug=slug, handle=handle, said="unchecked")
        case Verdict.FAILED:
            return render(request, "signatures/challenge.html", context | {"is_failed": True}, status=422)


@private("GET", "HEAD", "POST")
def check_email(request: HttpRequest, slug: str, handle: str) -> HttpResponse:
    """Says where the letter went, and takes the code out of it.

    It knows what the handle holds and asks the database nothing about it, so that whoever typed another's address
    does not see here what becomes of it.
    """
    text = find_text(slug)
    try:
        known = tokens.Handle.read(handle)
    except tokens.BadToken:
        return failed(request, "broken", text=text)
    form = CodeForm(request.POST if request.method == "POST" else None)
    context = {
        "text": text,
        "address": known.address,
        "sender": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "handle": handle,
        "form": form,
        "said": request.GET.get("said", ""),  # which sentence the page that sent here wants said
    }
    if request.method != "POST":
        return render(request, "signatures/check_email.html", context)
    if limits.is_over("code", request, text.campaign_id):
        return limits.too_many(request, "code", text.campaign_id)
    if not form.is_valid():
        return render(request, "signatures/check_email.html", context, status=422)
    outcome = services.confirm_by_code(
        campaign=text.campaign, signature_id=known.signature_id, code=form.cleaned_data["code"]
    )
    if outcome is Confirmation.WRONG_CODE:
        limits.count("code", request, text.campaign_id)
        form.add_error("code", _("This code does not fit, or works no longer. After ten tries only the link works."))
        return render(request, "signatures/check_email.html", context, status=422)
    tasks.nudge_letters()
    return welcome(request, known.signature_id, outcome)


@private("GET", "HEAD", "POST")
def resend(request: HttpRequest, slug: str, handle: str) -> HttpResponse:
    """“I got no letter”: another one, within the caps of the address; the answer is always the same."""
    text = find_text(slug)
    try:
        known = tokens.Handle.read(handle)
    except tokens.BadToken:
        return failed(request, "broken", text=text)
    if request.method != "POST":
        return see("check_email", slug=slug, handle=handle)
    if limits.hit("resend", request, text.campaign_id):
        return limits.too_many(request, "resend", text.campaign_id)
    attempt = Signature.objects.filter(pk=known.signature_id, campaign=text.campaign)
    email = attempt.values_list("email", flat=True).first() or ""
    services.resend(
        campaign=text.campaign,
        language=text.language,
        signature_id=known.signature_id,
        is_beyond_share=limits.is_beyond_share(request, text.campaign_id, Kind.CONFIRMATION, email),
    )
    tasks.nudge_letters()
    return see("check_email", slug=slug, handle=handle, said="resent")
