"""The signer's own page: what we hold, and every way to change it, without an account."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import ConsentText
from campaigns.views import find_text
from signatures import holdings, limits, pausing, services, tasks, tokens
from signatures.deliveries import signer
from signatures.forms import AddressForm, ChangeForm
from signatures.models import Letter, Signature
from signatures.services import Changed
from signatures.views.answers import private, see
from signatures.views.confirming import ask_to_look, failed, words_of

State = Signature.State
KeyView = Callable[[HttpRequest, Signature, tokens.PageKey, str], HttpResponse]


def with_key(*methods: str) -> Callable[[KeyView], Callable[..., HttpResponse]]:
    """Opens a signer's page by its key: the view gets the signature, the key and the token."""

    def decorate(view: KeyView) -> Callable[..., HttpResponse]:
        @private("GET", "HEAD", "POST")
        @wraps(view)
        def outer(request: HttpRequest, token: str) -> HttpResponse:
            try:
                key = tokens.PageKey.read(token)
            except tokens.BadToken:
                return failed(request, "broken")
            found = Signature.objects.select_related("campaign", "consent").filter(pk=key.signature_id).first()
            if found is None:
                return failed(request, "gone")
            if found.link_generation != key.generation:
                return failed(request, "moved", text=words_of(found))
            if found.erased_at is not None:
                context = {"text": words_of(found), "signature": found, "delivered": signer.of(found)}
                return render(request, "signatures/erased.html", context, status=410)
            if request.method not in methods:
                return see("own", token=token)  # the language was switched, or the page loaded again, after an error
            return view(request, found, key, token)

        return outer

    return decorate


def show(
    request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str, *, status: int = 200, **context: object
) -> HttpResponse:
    """The page, with what was typed where it comes back."""
    consent = ConsentText.objects.current(signature.campaign, signature.language) or signature.consent
    is_paused = pausing.is_on()
    context = {
        "text": words_of(signature),
        "signature": signature,
        "names_are_paused": is_paused,
        "held": holdings.of(signature, is_fresh=key.is_fresh),
        "is_fresh": key.is_fresh,
        "token": token,
        "said": request.GET.get("said", ""),
        "form": ChangeForm(signature=signature, consent_text=consent, is_fresh=key.is_fresh, is_paused=is_paused),
        "address_form": AddressForm(),
        "consent": consent,
        **context,
    }
    return render(request, "signatures/own.html", context, status=status)


@with_key("GET", "HEAD")
def own(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    return show(request, signature, key, token)


@with_key("POST")
def change(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    consent = ConsentText.objects.current(signature.campaign, signature.language) or signature.consent
    form = ChangeForm(
        request.POST,
        signature=signature,
        consent_text=consent,
        is_fresh=key.is_fresh,
        is_paused=pausing.is_on(),
    )
    if not form.is_valid():
        return show(request, signature, key, token, form=form, status=422)
    outcome = services.change(signature_id=signature.pk, line=form.line, consent=consent if key.is_fresh else None)
    if outcome is Changed.NAME_IS_TAKEN:
        form.add_error("name", _("The other signature of your address has this name."))
        return show(request, signature, key, token, form=form, status=422)
    return see("own", token=token, said="changed" if outcome is Changed.DONE else "not_changed")


@with_key("POST")
def news(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    is_wanted = request.POST.get("news") == "on"
    if is_wanted and not key.is_fresh:
        return see("own", token=token, said="not_fresh")
    consent = ConsentText.objects.current(signature.campaign, signature.language)
    outcome = services.set_news(signature_id=signature.pk, is_wanted=is_wanted, consent=consent)
    return see("own", token=token, said="changed" if outcome is Changed.DONE else "not_changed")


@with_key("POST")
def move(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    """Writes to a new address, which has to confirm. It takes a fresh link: who moves a signature owns it."""
    form = AddressForm(request.POST)
    if not key.is_fresh:
        return see("own", token=token, said="not_changed")
    if not form.is_valid():
        return show(request, signature, key, token, address_form=form, status=422)
    if limits.hit("page_link", request, signature.campaign_id):
        return limits.too_many(request, "page_link", signature.campaign_id)
    email = form.cleaned_data["email"]
    is_beyond_share = limits.is_beyond_share(request, signature.campaign_id, Letter.Kind.ADDRESS_CHANGE, email)
    services.ask_for_address(signature_id=signature.pk, email=email, is_beyond_share=is_beyond_share)
    tasks.nudge_letters()
    return see("own", token=token, said="address")


@with_key("POST")
def second_look(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    """Any link to the page does: it changes nothing of the signature. The page says how it stands then."""
    return ask_to_look(request, signature) or see("own", token=token)


@with_key("GET", "HEAD")
def data(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    """Everything that we hold, as JSON (GDPR, art. 15 and 20)."""
    if not key.is_fresh:
        return see("own", token=token, said="not_fresh")
    response = JsonResponse(holdings.everything(signature), json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = f"{signature.campaign.slug}-{timezone.localdate():%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@with_key("GET", "HEAD", "POST")
def withdraw(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    if signature.state != State.CONFIRMED:
        return see("own", token=token)
    if request.method != "POST":
        context = {"text": words_of(signature), "token": token, "held": holdings.of(signature, is_fresh=False)}
        return render(request, "signatures/withdraw.html", context)
    services.withdraw(signature_id=signature.pk)
    return see("own", token=token, said="withdrawn")


@with_key("GET", "HEAD", "POST")
def erase(request: HttpRequest, signature: Signature, key: tokens.PageKey, token: str) -> HttpResponse:
    text = words_of(signature)
    if request.method != "POST":
        context = {"text": text, "token": token, "held": holdings.of(signature, is_fresh=False)}
        return render(request, "signatures/erase.html", context)
    services.erase(signature_id=signature.pk)
    tasks.nudge_letters()
    return see("own", token=token)


@private("GET", "HEAD", "POST")
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for the address, and sends the way to one's page there; the answer is always the same."""
    text = find_text(slug)
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "signatures/ask.html", {"text": text, "form": form}, status=status)
    if limits.hit("page_link", request, text.campaign_id):
        return limits.too_many(request, "page_link", text.campaign_id)
    email = form.cleaned_data["email"]
    services.ask_for_page(
        campaign=text.campaign,
        language=text.language,
        email=email,
        is_beyond_share=limits.is_beyond_share(request, text.campaign_id, Letter.Kind.PAGE_LINK, email),
    )
    tasks.nudge_letters()
    return see("asked", slug=slug)


@private("GET", "HEAD")
def asked(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "signatures/asked.html", {"text": find_text(slug)})
