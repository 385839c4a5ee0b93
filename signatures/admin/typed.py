"""What staff type into the search of a list, kept out of addresses where it may be of a person.

Addresses end up in histories, logs and bookmarks. So the search is sent as a form, and what may be a name or an email
address goes on in the list's own address sealed: readable to this site alone, and for a day.
"""

import re
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from signatures import tokens

# Mail domains, days, networks, hashes and numbers tell of no single person.
IMPERSONAL = re.compile(r"@\S+|#?[\d./:\-]+|[0-9a-fA-F:./]+/\d+|[0-9a-fA-F]{32}")
MARK = "~"
KEPT = timedelta(days=1)
LONGEST = 300  # characters


def close(typed: str) -> str:
    """As it may stand in an address."""
    text = typed.strip()[:LONGEST]
    if not text or IMPERSONAL.fullmatch(text):
        return text
    return MARK + tokens.seal("typed by staff").encrypt(text.encode(errors="ignore")).decode()


def opened(text: str) -> str:
    """What was typed; nothing where the seal is broken or too old."""
    if not text.startswith(MARK):
        return text
    try:
        return tokens.unseal("typed by staff", text.removeprefix(MARK), KEPT).decode()
    except tokens.BadToken:
        return ""


class TypedChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Where a search was sent that cannot be read any more, nothing: the whole list would pass for what it found,
        and might be acted on."""
        self.query = opened(self.query)
        found = super().get_queryset(request, *args, **options)
        return found if self.query or not request.GET.get(SEARCH_VAR, "").strip() else found.none()

    @property
    def search_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_search")


class TypedSearch(admin.ModelAdmin):
    """For a list that people are searched in."""

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return TypedChangeList

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_search"
        return [path("search/", self.admin_site.admin_view(require_POST(self.search)), name=name), *super().get_urls()]

    def search(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = QueryDict(mutable=True)
        for name, values in request.POST.lists():
            if name not in ("csrfmiddlewaretoken", SEARCH_VAR):
                query.setlist(name, values)
        if typed := close(request.POST.get(SEARCH_VAR, "")):
            query[SEARCH_VAR] = typed
        changelist = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return redirect(f"{changelist}?{query.urlencode()}" if query else changelist)
