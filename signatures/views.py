"""HTTP in and out: the visitor's way from the sign box to the thank-you page."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import CampaignText, ConsentText
from campaigns.views import find_text
from signatures import services, tasks, tokens
from signatures.forms import SignForm
from signatures.models import Signature
from signatures.services import Confirmation

# The public forms carry no CSRF token, so that caches can keep the page: `petition_site.middleware` refuses posts
# from other sites by Sec-Fetch-Site and Origin instead.


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
    form = SignForm(request.POST, consent_text=consent)
    if not form.is_valid():
        return render(request, "campaigns/page.html", {"text": text, "form": form}, status=422)
    services.sign(campaign=text.campaign, consent=consent, language=text.language, attempt=form.attempt)
    tasks.nudge_letters()
    # With a fragment of its own, or it would inherit that of the form's address.
    return redirect(reverse("signatures:check_email", kwargs={"slug": slug}) + "#main")


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
        return redirect("signatures:thanks", slug=signature.campaign.slug)
    reason = {Confirmation.ADDRESS_IS_TAKEN: "taken", Confirmation.WITHDRAWN: "withdrawn"}.get(outcome, "gone")
    return render(request, "signatures/confirm_failed.html", {**context, "reason": reason}, status=409)


@require_safe
@never_cache
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "signatures/thanks.html", {"text": find_text(slug)})
