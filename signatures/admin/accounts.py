"""The accounts of what was done, for staff to read."""

from django.contrib import admin

from signatures.admin.base import ReadOnlyAdmin
from signatures.models import ExportRecord, ModerationAct, RetentionRun


@admin.register(ModerationAct)
class ModerationActAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "staff", "action", "how_many", "reason"]
    list_select_related = ["staff"]


@admin.register(ExportRecord)
class ExportRecordAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "staff", "campaign", "preset", "purpose", "rows", "unnamed", "finished_at"]
    list_select_related = ["staff", "campaign"]


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
    ]
