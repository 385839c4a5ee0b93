"""The pages of the second factor: asking for a code, and setting up the app that makes them."""

import math
from base64 import b32encode
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import django_otp
import segno
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from petition_site.staff import second_factor
from petition_site.staff.forms import CodeForm

StaffView = Callable[[HttpRequest, User], HttpResponse]
KEY = "second_factor_key"  # in the session: the secret that is offered, until its app has answered


def for_staff(view: StaffView) -> Callable[[HttpRequest], HttpResponse]:
    """For staff who have given their password, whether they have shown a second factor or not."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        if not (request.user.is_active and request.user.is_staff):
            return HttpResponseRedirect(on_to(request, "admin:login"))
        return view(request, request.user)

    return never_cache(sensitive_post_parameters()(require_http_methods(["GET", "HEAD", "POST"])(inner)))


def on_to(request: HttpRequest, name: str) -> str:
    """A page that leads on to where this one was to lead."""
    return f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: destination(request)})}"


def destination(request: HttpRequest) -> str:
    """Where staff wanted to go before they were asked, on this site only."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")


def page(request: HttpRequest, name: str, title: Any, **context: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "is_nav_sidebar_enabled": False, **context}
    return render(request, f"admin/second_factor/{name}.html", context)


@for_staff
def ask(request: HttpRequest, user: User) -> HttpResponse:
    if not second_factor.is_set_up(user):
        return HttpResponseRedirect(on_to(request, "admin:second_factor_set_up"))
    if user.is_verified():  # type: ignore[attr-defined]
        return HttpResponseRedirect(destination(request))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        answer = second_factor.verify(user, form.cleaned_data["code"])
        if answer.device:
            let_in(request, answer.device)
            if not isinstance(answer.device, TOTPDevice):
                say_codes_left(request, user)
            return HttpResponseRedirect(destination(request))
        form.add_error("code", wrong_code(answer))
    return page(request, "ask", _("Second factor"), form=form)


@for_staff
def set_up(request: HttpRequest, user: User) -> HttpResponse:
    """Offers a secret and, once its app answers, shows the recovery codes: in this one answer and never again."""
    shown = user.otp_device  # type: ignore[attr-defined]
    is_replaced = second_factor.is_set_up(user)
    if is_replaced and not shown:
        return HttpResponseRedirect(on_to(request, "admin:second_factor"))
    key = request.session.setdefault(KEY, default_key())
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            made = second_factor.set_up(user=user, key=key, code=form.cleaned_data["code"], shown=shown)
        except second_factor.AlreadySetUp:
            return HttpResponseRedirect(on_to(request, "admin:second_factor"))
        if made:
            device, codes = made
            del request.session[KEY]
            let_in(request, device)
            log_set_up(user)
            return page(request, "codes", _("Recovery codes"), codes=codes, onward=destination(request))
        form.add_error("code", _("This is not the code of the moment. Is the clock of your device right?"))
    app = second_factor.app_for(user, key)
    secret = b32encode(app.bin_key).decode()
    context = {
        "form": form,
        "picture": picture(app.config_url),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "is_replaced": is_replaced,
    }
    return page(request, "set_up", _("Set up the second factor"), **context)


def let_in(request: HttpRequest, device: Any) -> None:
    """A new session key: one that was overheard half-way is worth nothing."""
    django_otp.login(request, device)
    request.session.cycle_key()


def log_set_up(user: User) -> None:
    message = [{"changed": {"fields": [second_factor.NAME]}}]
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, change_message=message, single_object=True)


def say_codes_left(request: HttpRequest, user: User) -> None:
    left = second_factor.codes_left(user)
    said = ngettext("You have %(n)d recovery code left.", "You have %(n)d recovery codes left.", left) % {"n": left}
    lost = _("If your device is lost, set up another one now: “Second factor”, above.")
    messages.warning(request, f"{said} {lost}")


def wrong_code(answer: second_factor.Answer) -> str:
    if not answer.locked_until:
        return _("This code is wrong, or has been used already.")
    seconds = max(1, math.ceil((answer.locked_until - timezone.now()).total_seconds()))
    wait = ngettext("Wait %(n)d second before the next try.", "Wait %(n)d seconds before the next try.", seconds)
    return _("After wrong codes each new try has to wait.") + " " + wait % {"n": seconds}


def picture(address: str) -> str:
    """The QR code of an address as SVG, without a style, which our security policy would refuse."""
    code = segno.make(address, error="m", micro=False)
    svg = code.svg_inline(scale=5, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return mark_safe(svg)  # noqa: S308  (segno writes rectangles only)
