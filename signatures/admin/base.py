"""What the pages of this floor have in common."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import formats, timezone

from signatures.admin.lists import BoundedPaginator


def short(moment: datetime | None) -> str:
    """Day and minute, so that a list fits its page."""
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT") if moment else ""


class OwnFilters(admin.ModelAdmin):
    """A list that is narrowed by its own filters and by nothing else that may be written into its address.

    Django lets an address name any field of the row: the list would tell who is in it, although it shows nobody.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # Those with a class of their own say what they are called in the address.
        names = {getattr(one, "parameter_name", one) for one in self.list_filter}
        return lookup.partition("__")[0] in names and super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin(OwnFilters):
    """Rows that the system writes: nobody adds, changes or deletes them by hand.

    There may be millions: nothing in their lists counts or gathers them all.
    """

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
