"""Signatures, for staff: to read, and to moderate, withdraw and erase through the services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from signatures import services, visibility
from signatures.admin import exports
from signatures.admin.base import ReadOnlyAdmin, short
from signatures.forms import ReasonForm
from signatures.models import (
    ConsentEvent,
    ModerationAct,
    Signature,
    SignatureQuerySet,
)
from signatures.visibility import Output, allowed, shown


class ConsentEventInline(admin.TabularInline):
    """What the signer agreed to and when."""

    model = ConsentEvent
    fields = ["kind", "consent", "visibility", "at"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin):
    list_display = ["id", "shown_name", "shown_email", "country", "state", "moderation", "signed", "confirmed"]
    list_filter = ["campaign", "state", "moderation", "visibility", "language", "created_at"]
    date_hierarchy = "created_at"
    search_fields = ["name", "email"]
    ordering = ["-id"]
    actions = ["hold", "release", "reject", "withdraw", "erase"]
    inlines = [ConsentEventInline]
    fields = [
        "campaign",
        "shown_name",
        "shown_email",
        "country",
        "language",
        "visibility",
        "wants_updates",
        "state",
        "moderation",
        "moderation_reason",
        "consent",
        "created_at",
        "confirmed_at",
        "withdrawn_at",
        "erased_at",
    ]

    @admin.display(description=_("name"))
    def shown_name(self, signature: Signature) -> str:
        return str(shown(signature, "name", Output.ADMIN))

    @admin.display(description=_("email address"))
    def shown_email(self, signature: Signature) -> str:
        return str(shown(signature, "email", Output.ADMIN))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Signature], search_term: str
    ) -> tuple[QuerySet[Signature], bool]:
        if search_term.strip():
            queryset = queryset.filter(visibility__in=allowed("email", Output.ADMIN))
        return super().get_search_results(request, queryset, search_term)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Not by person: a filter in the address would find those whom a search does not."""
        return lookup.partition("__")[0] not in visibility.PERSON and super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("signed at"), ordering="created_at")
    def signed(self, signature: Signature) -> str:
        return short(signature.created_at)

    @admin.display(description=_("confirmed at"), ordering="confirmed_at")
    def confirmed(self, signature: Signature) -> str:
        return short(signature.confirmed_at)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatures.moderate_signature")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatures.erase_signature")

    @admin.action(description=_("Hold the chosen signatures"), permissions=["moderate"])
    def hold(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, services.hold, _("Hold signatures"))

    @admin.action(description=_("Release the chosen signatures"), permissions=["moderate"])
    def release(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, services.release, _("Release signatures"))

    @admin.action(description=_("Reject the chosen signatures"), permissions=["moderate"])
    def reject(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, services.reject, _("Reject signatures"))

    @admin.action(description=_("Withdraw the chosen signatures for their signers"), permissions=["erase"])
    def withdraw(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, services.withdraw_for, _("Withdraw signatures"))

    @admin.action(description=_("Erase the chosen signatures for their signers"), permissions=["erase"])
    def erase(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        warning = _("This cannot be undone: names, addresses and consent go, and the signatures leave the count.")
        return self.moderate(request, signatures, services.erase_for, _("Erase signatures"), warning)

    def moderate(
        self,
        request: HttpRequest,
        signatures: SignatureQuerySet,
        verb: Callable[..., ModerationAct],
        title: Any,
        warning: Any = "",
    ) -> HttpResponse | None:
        """Asks for the reason, showing how many signatures are meant, and then lets the service act."""
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": title,
                "form": form,
                "warning": warning,
                "how_many": signatures.count(),
                "sample": [(row, shown(row, "name", Output.ADMIN)) for row in signatures[:10]],
                "posted": [
                    (name, value)
                    for name, values in request.POST.lists()
                    for value in values
                    if name not in ("reason", "csrfmiddlewaretoken")
                ],
                "opts": self.opts,
            }
            return TemplateResponse(request, "admin/signatures/moderate.html", context)
        act = verb(signatures=signatures, reason=form.cleaned_data["reason"], staff=request.user)
        message = ngettext("%(n)d signature: %(act)s.", "%(n)d signatures: %(act)s.", act.how_many)
        self.message_user(request, message % {"n": act.how_many, "act": act.get_action_display()}, messages.SUCCESS)
        return None

    def get_urls(self) -> list[URLPattern]:
        return [*exports.urls(self.admin_site), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_export = {"may_export": bool(exports.presets_of(request))}
        try:
            return super().changelist_view(request, {**may_export, **(extra_context or {})})
        except (DataError, TypeError, ValueError):  # a filter or a choice of rows that no page of ours has sent
            return redirect(f"{request.path}?e=1")
