"""Clusters of signatures, for staff to look at."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from signatures import clusters
from signatures.admin.base import ReadOnlyAdmin, short, staff_of
from signatures.admin.rules import search
from signatures.models import Cluster

SHOWN = 20  # characters of a hash or a domain


class LookedAtFilter(admin.SimpleListFilter):
    title = _("looked at")
    parameter_name = "looked_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not yet")), ("yes", _("looked at"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> QuerySet[Cluster]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(looked_at__isnull=self.value() == "no")


@admin.register(Cluster)
class ClusterAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "members", "n", "counted", "held", "last", "looked", "campaign"]
    list_filter = [LookedAtFilter, "kind", "campaign"]
    list_select_related = ["campaign", "looked_by"]
    ordering = ["-id"]
    actions = ["look_at"]
    fields = [
        *("campaign", "kind", "day", "key", "members", "n", "counted", "held"),
        *("first_at", "last_at", "found_at", "looked_at", "looked_by"),
    ]

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatures.moderate_signature")

    @admin.display(description=_("signatures of it"))
    def members(self, cluster: Cluster) -> str:
        words, url = search(clusters.search_of(cluster))
        return format_html('<a href="{}">{}</a>', url, words if len(words) <= SHOWN else f"{words[:SHOWN]}…")

    @admin.display(description=_("last"), ordering="last_at")
    def last(self, cluster: Cluster) -> str:
        return short(cluster.last_at)

    @admin.display(description=_("looked at"), ordering="looked_at")
    def looked(self, cluster: Cluster) -> Any:
        return f"{short(cluster.looked_at)} {cluster.looked_by or ''}" if cluster.looked_at else ""

    @admin.action(description=_("Looked at: settle their doubts"), permissions=["moderate"])
    def look_at(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        staff = staff_of(request)
        chosen = list(queryset.filter(looked_at=None))
        n = clusters.look_at(clusters=queryset, staff=staff)
        # Who looked and when is known longer than the cluster.
        changed = [{"changed": {"fields": ["looked_at"]}}]
        LogEntry.objects.log_actions(staff.pk, chosen, CHANGE, change_message=changed)
        message = ngettext("%(n)d cluster has been looked at.", "%(n)d clusters have been looked at.", n) % {"n": n}
        self.message_user(request, message, messages.SUCCESS)
