"""What the pages of this floor have in common."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.text import capfirst

from campaigns.admin.base import ReadOnly
from signatures.admin.lists import BoundedPaginator


def short(moment: datetime | None) -> str:
    """Day and minute, so that a list fits its page."""
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT") if moment else ""


def staff_of(request: HttpRequest) -> User:
    return cast(User, request.user)  # the admin lets nobody else in


def sent_before(request: HttpRequest, form: Form) -> list[tuple[str, str]]:
    """What the list has sent that led to a page which asks for more: it is sent again beside the form's own fields."""
    own = {*form.fields, "csrfmiddlewaretoken"}
    return [(name, value) for name, values in request.POST.lists() if name not in own for value in values]


class OwnFilters(admin.ModelAdmin):
    """A list that is narrowed by its own filters and by nothing else that may be written into its address.

    Django lets an address name any field of the row: the list would tell who is in it, although it shows nobody.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # Those with a class of their own say what they are called in the address.
        names = {getattr(one, "parameter_name", one) for one in self.list_filter}
        return lookup.partition("__")[0] in names and super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin(ReadOnly, OwnFilters):
    """There may be millions of rows: nothing in their lists counts or gathers them all."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Named for what it lists: Django's "Select signature to view" is no help where one comes to act."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})
