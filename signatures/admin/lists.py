"""Lists that answer alike with a thousand rows and with millions: a bounded count, bounded pages, cheap filters."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

BOUND = 2_000  # rows that are counted and can be leafed through


class BoundedPaginator(Paginator):
    """Counts up to `BOUND`, and has pages up to there: who looks for more than that searches or filters."""

    @cached_property
    def found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: BOUND + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self.found, BOUND)

    @property
    def is_more(self) -> bool:
        return self.found > BOUND

    @property
    def bound(self) -> int:
        return BOUND

    def page(self, number: int | str) -> Page:
        """PostgreSQL bets that rows which match lie evenly along a list, and walks it until it has a page of them. What
        matches in one old hour costs a walk past all others then. So few rows as these it finds and sorts."""
        if not self.is_more:
            rows: Any = self.object_list
            first, *others = rows.query.order_by
            self.object_list = rows.order_by(unindexed(first), *others)
        return super().page(number)


def unindexed(term: Any) -> Any:
    """The same order, as an expression that no index holds."""
    if not isinstance(term, str):
        return term
    field = term.removeprefix("-")
    same = Coalesce(field, field)
    return same.desc() if term.startswith("-") else same.asc()


class LanguageFilter(admin.SimpleListFilter):
    """By the site's languages: Django's own filter would gather those in use from all rows."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(settings.LANGUAGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(language=self.value()) if self.value() else queryset
