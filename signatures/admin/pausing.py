"""The pause of the site, for staff: one press stops exports and public names, and the account of it is kept."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from signatures import pausing, services
from signatures.admin.base import ReadOnlyAdmin, staff_of
from signatures.forms import PauseForm
from signatures.models import PauseAct


@admin.register(PauseAct)
class PauseActAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "action", "staff", "reason"]
    list_select_related = ["staff"]
    fields = ["made_at", "action", "staff", "reason"]

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("pause/", site.admin_view(self.pause), name="signatures_pauseact_pause"),
            path("resume/", site.admin_view(self.resume), name="signatures_pauseact_resume"),
            *super().get_urls(),
        ]

    def pause(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("signatures.pause_site"):
            raise PermissionDenied
        done = _("Exports and public names are paused.")
        return self.ask(
            request, services.pause_site, _("Pause exports and public names"), done, is_due=not pausing.is_on()
        )

    def resume(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("signatures.resume_site"):
            raise PermissionDenied
        done = _("Exports and public names are no longer paused.")
        return self.ask(request, services.resume_site, _("End the pause"), done, is_due=pausing.is_on())

    def ask(
        self, request: HttpRequest, act: Callable[..., bool], title: Any, done: Any, *, is_due: bool
    ) -> HttpResponse:
        """The page that says what will happen and asks why; then the act. Whoever comes second is told nothing new.

        The start page has said it too: its button alone pauses, without this page and without a reason.
        """
        if not is_due:
            return redirect("admin:index")
        is_resuming = act is services.resume_site
        form = PauseForm(request.POST if request.method == "POST" else None, is_resuming=is_resuming)
        if form.is_valid():
            if act(reason=form.cleaned_data["reason"], staff=staff_of(request)):
                self.message_user(request, done, messages.SUCCESS)
            return redirect("admin:index")
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "form": form,
            "opts": self.opts,
            "is_resuming": is_resuming,
        }
        return TemplateResponse(request, "admin/signatures/pause.html", context)
