"""What has happened since, for staff to write."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from campaigns.models import Update


@admin.register(Update)
class UpdateAdmin(admin.ModelAdmin):
    list_display = ["title", "campaign", "language", "published_at", "stage", "reviewer"]
    list_filter = ["campaign", "language"]
    list_select_related = ["campaign"]
    readonly_fields = ["as_shown"]
    fields = ["campaign", "language", "title", "body", "as_shown", "source", "reviewer", "published_at"]

    @admin.display(description=_("state"))
    def stage(self, update: Update) -> Any:
        if update.published_at is None:
            return _("draft")
        return _("published") if update.is_published else _("scheduled")

    @admin.display(description=_("as visitors see it"))
    def as_shown(self, update: Update) -> Any:
        """A look before it is published: save it without a date, and read it here."""
        if update._state.adding:
            return _("Save first, without a date.")
        return format_html('<div class="as-shown">{}</div>', update.rendered["body"])

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Written as a draft, unless staff say when it appears."""
        initial: dict[str, str | list[str] | datetime | None] = {**super().get_changeform_initial_data(request)}
        return {"published_at": None, **initial}
