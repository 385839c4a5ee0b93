"""The accounts of what was done, for staff to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from signatures import recounting
from signatures.admin import exports
from signatures.admin.base import ReadOnlyAdmin, short
from signatures.models import ExportRecord, ExportRequest, ModerationAct, Recount, RetentionRun


@admin.register(ModerationAct)
class ModerationActAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "staff", "action", "how_many", "reason"]
    list_select_related = ["staff"]


@admin.register(ExportRecord)
class ExportRecordAdmin(ReadOnlyAdmin):
    list_display = ["started", "staff", "preset", "rows", "unnamed", "outcome", "purpose", "approved_by", "campaign"]
    list_select_related = ["staff", "campaign", "approved_by"]
    fields = [
        "started_at",
        "finished_at",
        "broken_off_at",
        "staff",
        "approved_by",
        "campaign",
        "preset",
        "form",
        "purpose",
        "rows",
        "unnamed",
        "sha256",
    ]

    @admin.display(description=_("started at"), ordering="started_at")
    def started(self, record: ExportRecord) -> str:
        return short(record.started_at)

    @admin.display(description=_("outcome"))
    def outcome(self, record: ExportRecord) -> Any:
        return record.outcome

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"may_export": bool(exports.presets_of(request)), **(extra_context or {})}
        )


@admin.register(ExportRequest)
class ExportRequestAdmin(ReadOnlyAdmin):
    list_display = ["asked", "staff", "preset", "rows", "outcome", "purpose", "decided_by", "campaign"]
    list_select_related = ["staff", "campaign", "decided_by"]
    fields = [
        "asked_at",
        "staff",
        "campaign",
        "preset",
        "form",
        "purpose",
        "rows",
        "is_approved",
        "decided_by",
        "decided_at",
        "taken_at",
    ]

    @admin.display(description=_("asked at"), ordering="asked_at")
    def asked(self, request: ExportRequest) -> str:
        return short(request.asked_at)

    @admin.display(description=_("outcome"))
    def outcome(self, request: ExportRequest) -> Any:
        return request.outcome


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = [
        "day",
        "last_run_at",
        "pending_deleted",
        "people_erased",
        "origins_deleted",
        "salts_destroyed",
        "suppressions_deleted",
        "letters_deleted",
        "requests_deleted",
        "clusters_deleted",
        "rules_emptied",
    ]


@admin.register(Recount)
class RecountAdmin(ReadOnlyAdmin):
    list_display = ["at", "how_many", "seconds"]
    fields = ["at", "seconds", "how_many", "found"]

    @admin.display(description=_("differences"))
    def found(self, row: Recount) -> str:
        return format_html_join("", "<p>{}</p>", ((str(one),) for one in recounting.differences_of(row))) or "–"
