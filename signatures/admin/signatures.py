"""Signatures, for staff: to find, to read, and to act on."""

from typing import Any

from django.contrib import admin, messages
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import ReadOnly
from signatures import held, reasons, searching
from signatures.admin import bulk, doubts, exports, stamps
from signatures.admin.acting import ActingAdmin
from signatures.admin.base import short
from signatures.admin.lists import LanguageFilter
from signatures.models import ConsentEvent, Doubt, ModeratedSignature, Signature
from signatures.visibility import Output, shown


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    extra = 0


class ConsentEventInline(ReadOnlyInline):
    """What the signer agreed to and when."""

    model = ConsentEvent
    fields = ["kind", "consent", "visibility", "at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEvent]:
        return super().get_queryset(request).select_related("consent__campaign")


class DoubtInline(ReadOnlyInline):
    """Why somebody should look at it, or should have."""

    model = Doubt
    fields = ["kind", "detail", "made_at", "settled_at", "settled"]
    readonly_fields = ["settled"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Doubt]:
        return super().get_queryset(request).select_related("settled_by__staff")

    @admin.display(description=_("settled by"))
    def settled(self, doubt: Doubt) -> Any:
        return doubts.settled_in_words(doubt)


class ModeratedInline(ReadOnlyInline):
    """What staff did to it."""

    model = ModeratedSignature
    verbose_name = _("act of moderation")
    verbose_name_plural = _("acts of moderation")
    fields = ["made", "staff", "action", "reason", "note"]
    readonly_fields = ["made", "staff", "action", "reason", "note"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModeratedSignature]:
        return super().get_queryset(request).select_related("act__staff")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("signatures.view_moderationact")

    @admin.display(description=_("when"))
    def made(self, moderated: ModeratedSignature) -> str:
        return short(moderated.act.made_at)

    @admin.display(description=_("who"))
    def staff(self, moderated: ModeratedSignature) -> str:
        return str(moderated.act.staff or "")

    @admin.display(description=_("action"))
    def action(self, moderated: ModeratedSignature) -> str:
        return str(moderated.act.get_action_display())

    @admin.display(description=_("reason"))
    def reason(self, moderated: ModeratedSignature) -> str:
        return str(reasons.for_staff(moderated.act.reason))

    @admin.display(description=_("note"))
    def note(self, moderated: ModeratedSignature) -> str:
        return moderated.act.note


@admin.register(Signature)
class SignatureAdmin(ActingAdmin):
    list_display = [
        *("id", "shown_name", "shown_email", "country_name", "state", "moderation", "signed", "confirmed", "marks"),
    ]
    list_filter = ["campaign", "state", "moderation", "visibility", LanguageFilter, doubts.DoubtFilter, "created_at"]
    list_per_page = 50
    search_fields = ["name", "email"]  # that there is a search; `searching` does it
    search_help_text = searching.HELP
    ordering = ["-created_at", "-id"]
    sortable_by = ["signed"]  # what has an index
    inlines = [DoubtInline, ModeratedInline, ConsentEventInline]
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
        "shown_reason",
        "is_name_hidden",
        "consent",
        "created_at",
        "confirmed_at",
        "withdrawn_at",
        "erased_at",
        "stamp",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(doubts.with_open_doubts())

    def get_ordering(self, request: HttpRequest) -> list[str] | tuple[str, ...]:
        """By number, where doubts are asked about, which an index has in that order: a crowd may be long ago, and the
        walk to it along the moments of signing past everybody since. Both orders are all but the same."""
        return ["-id"] if doubts.DoubtFilter.parameter_name in request.GET else super().get_ordering(request)

    @admin.display(description=_("doubts"))
    def marks(self, signature: Signature) -> str:
        return "; ".join(doubts.in_words(signature))

    @admin.display(description=_("name"))
    def shown_name(self, signature: Signature) -> str:
        return str(shown(signature, "name", Output.ADMIN))

    @admin.display(description=_("email address"))
    def shown_email(self, signature: Signature) -> str:
        return str(shown(signature, "email", Output.ADMIN))

    @admin.display(description=_("reason"))
    def shown_reason(self, signature: Signature) -> str:
        return str(reasons.for_staff(signature.moderation_reason))

    @admin.display(description=_("country"))
    def country_name(self, signature: Signature) -> str:
        return str(signature.country.name)  # for the field itself, Django goes through all countries in each row

    @admin.display(description=_("delivery"))
    def stamp(self, signature: Signature) -> str:
        return stamps.of(signature)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Signature], search_term: str
    ) -> tuple[QuerySet[Signature], bool]:
        search = searching.read(search_term)
        if search.message:
            self.message_user(request, search.message, messages.WARNING)
        return queryset.filter(search.condition), False

    @admin.display(description=_("signed at"), ordering="created_at")
    def signed(self, signature: Signature) -> str:
        return short(signature.created_at)

    @admin.display(description=_("confirmed at"), ordering="confirmed_at")
    def confirmed(self, signature: Signature) -> str:
        return short(signature.confirmed_at)

    def get_urls(self) -> list[URLPattern]:
        return [*bulk.urls(self), *exports.urls(self.admin_site), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        links = {
            "may_export": bool(exports.presets_of(request)),
            "may_moderate": self.has_moderate_permission(request),
            "hours_late": held.hours_late(),
            "bulk": reverse(f"admin:signatures_{self.opts.model_name}_bulk"),
        }
        try:
            return super().changelist_view(request, {**links, **(extra_context or {})})
        except (DataError, TypeError, ValueError):  # a filter or a choice of rows that no page of ours has sent
            return redirect(f"{request.path}?e=1")
