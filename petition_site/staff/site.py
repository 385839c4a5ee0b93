"""The admin: nobody reaches a page of it by a password alone, and wrong passwords lock the account for a while."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.forms import UsernameField
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.cache import add_never_cache_headers

from signatures import limits, pausing


def actions_of(of_model: ModelAdmin) -> list[str]:
    """All that the list of a model may offer to somebody."""
    return [name for _call, name, _description in of_model._get_base_actions()]  # type: ignore[attr-defined]


class StaffSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        is_verified = not settings.STAFF_SECOND_FACTOR or request.user.is_verified()  # type: ignore[union-attr]
        return super().has_permission(request) and is_verified

    def is_half_way(self, request: HttpRequest) -> bool:
        """Whether the password has been given and the second factor has not."""
        return super().has_permission(request) and not self.has_permission(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """On every page, so that nobody wonders why no list leaves."""
        context = super().each_context(request)
        return {**context, "pause": pausing.current() if context["has_permission"] else None}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from signatures.admin import start

        return super().index(request, {**start.context(request), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Half-way on to the second factor. After LIMIT_LOGIN wrong passwords none is looked at any more, right or
        wrong, until the time is over: for that account and network, so that nobody locks a colleague out from afar.
        """
        if request.method == "GET" and self.is_half_way(request):
            query = urlencode({REDIRECT_FIELD_NAME: request.GET.get(REDIRECT_FIELD_NAME, "")})
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{query}")
        if request.method != "POST":
            return super().login(request, extra_context)
        # As the form reads it: no other way of writing a name may have tries of its own.
        account = str(UsernameField(max_length=150, required=False).to_python(request.POST.get("username", "")))
        if limits.is_over("login", request, account):
            return self.locked(request, account)
        response = super().login(request, extra_context)
        if not isinstance(response, HttpResponseRedirect):
            limits.count("login", request, account)
        return response

    def locked(self, request: HttpRequest, account: str) -> HttpResponse:
        seconds = limits.retry_after("login", request, account)
        context = {**self.each_context(request), "minutes": -(-seconds // 60)}
        response = render(request, "admin/locked.html", context, status=429)
        response["Retry-After"] = str(seconds)
        add_never_cache_headers(response)
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django shows the list again where somebody sends an action that they may not use; here it is refused."""
        of_model = getattr(view, "__self__", None)

        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST" and isinstance(of_model, ModelAdmin):
                asked = set(request.POST.getlist("action")) & set(actions_of(of_model))
                if asked.difference(of_model.get_actions(request)):
                    raise PermissionDenied
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        checked.__dict__.update(getattr(view, "__dict__", {}))
        return super().admin_view(checked, cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from petition_site.staff import views

        return [
            # Half-way one must be able to turn back.
            path("logout/", self.logout, name="logout"),
            path("second-factor/", views.ask, name="second_factor"),
            path("second-factor/set-up/", views.set_up, name="second_factor_set_up"),
            *super().get_urls(),
        ]
