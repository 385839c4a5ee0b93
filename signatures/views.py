"""HTTP in and out: the visitor's way from the sign box to the thank-you page."""

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import CampaignText, ConsentText
from campaigns.sharing import CHANNELS
from campaigns.views import find_text
from signatures import cards, services, tally, tasks, tokens
from signatures.forms import SignForm
from signatures.models import Signature
from signatures.services import Confirmation

# The public forms carry no CSRF token, so that caches can keep the page: `petition_site.middleware` refuses posts
# from other sites by Sec-Fetch-Site and Origin instead.


class SeeOther(HttpResponseRedirect):
    """303 (RFC 9110, 15.4.4): what was posted is done, and the answer to it is to be fetched elsewhere."""

    status_code = 303


@csrf_exempt
@require_POST
@never_cache
def sign(request: HttpRequest, slug: str) -> HttpResponse:
    text = find_text(slug)
    if not text.campaign.is_open:
        return render(request, "campaigns/page.html", {"text": text}, status=409)
    consent = ConsentText.objects.current(text.campaign, text.language)
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
    services.sign(campaign=text.campaign, consent=consent, language=text.language, attempt=form.attempt)
    tasks.nudge_letters()
    if channel := channel_of(request):
        tally.count_via(text.campaign_id, channel)
    # With a fragment of its own, or it would inherit that of the form's address.
    return SeeOther(reverse("signatures:check_email", kwargs={"slug": slug}) + "#main")


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
    patch_cache_control(response, public=True, max_age=3600)
    return response


@require_safe
@never_cache
def check_email(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "signatures/check_email.html", {"text": find_text(slug)})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing, since mail scanners open links; POST confirms."""
    try:
        signature_id = tokens.read_confirm(token)
    except tokens.ExpiredToken:
        return render(request, "signatures/confirm_failed.html", {"reason": "expired"}, status=410)
    except tokens.BadToken:
        return render(request, "signatures/confirm_failed.html", {"reason": "broken"}, status=404)
    signature = Signature.objects.select_related("campaign").filter(pk=signature_id).first()
    if signature is None:
        return render(request, "signatures/confirm_failed.html", {"reason": "gone"}, status=410)
    text = CampaignText.objects.in_language(get_language()).filter(campaign=signature.campaign).first()
    context = {"text": text, "signature": signature}
    if request.method != "POST":
        return render(request, "signatures/confirm.html", context)
    outcome = services.confirm(signature_id=signature_id)
    if outcome in (Confirmation.CONFIRMED, Confirmation.CONFIRMED_BEFORE):
        return SeeOther(reverse("signatures:thanks", kwargs={"slug": signature.campaign.slug}))
    reason = {Confirmation.ADDRESS_IS_TAKEN: "taken", Confirmation.WITHDRAWN: "withdrawn"}.get(outcome, "gone")
    return render(request, "signatures/confirm_failed.html", {**context, "reason": reason}, status=409)


@require_safe
@never_cache
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "signatures/thanks.html", {"text": find_text(slug)})
