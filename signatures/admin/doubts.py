"""Doubts, as lists and pages of signatures show them to staff: the quiet ones too, and how each was settled."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from signatures.models import Cluster, Doubt

OPEN = "open_doubts"  # the attribute of a signature


def with_open_doubts() -> Prefetch:
    return Prefetch("doubts", queryset=Doubt.objects.open(), to_attr=OPEN)


def in_words(signature: Any) -> list[str]:
    """The open doubts about a signature that came with them."""
    return [
        f"{doubt.get_kind_display()} ({doubt.detail})" if doubt.detail else str(doubt.get_kind_display())
        for doubt in getattr(signature, OPEN)
    ]


def settled_in_words(doubt: Doubt) -> Any:
    """By whom or what; empty while it is open. Where no act has settled it, a challenge that was solved has."""
    if doubt.settled_at is None:
        return ""
    if doubt.settled_by is not None:
        return f"{doubt.settled_by.get_action_display()}, {doubt.settled_by.staff or ''}".rstrip(", ")
    return _("its cluster was looked at") if doubt.kind in Cluster.Kind.values else _("its signer solved a challenge")


class DoubtFilter(admin.SimpleListFilter):
    """By an open doubt of a kind."""

    title = _("doubt")
    parameter_name = "doubt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        asking, *others = sorted(Doubt.Kind.choices, key=lambda choice: choice[0] != Doubt.Kind.SECOND_LOOK)
        return [asking, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in Doubt.Kind.values:
            return queryset
        return queryset.filter(pk__in=Doubt.objects.open().filter(kind=self.value()).values("signature"))
