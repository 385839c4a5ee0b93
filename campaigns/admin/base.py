"""What the pages of this floor have in common."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest


class ReadOnly:
    """Of rows that the system writes: nobody adds, changes or deletes them by hand, in a list or beside another row."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    pass


def to_change(of_model: ModelAdmin, request: HttpRequest, pk: int) -> Any:
    """A row for somebody who may change it. Raises PermissionDenied and Http404."""
    row = of_model.get_queryset(request).filter(pk=pk).first()
    if not of_model.has_change_permission(request, row):
        raise PermissionDenied
    if row is None:
        raise Http404
    return row


def page(of_model: ModelAdmin, request: HttpRequest, title: Any, row: models.Model, **context: Any) -> dict[str, Any]:
    """What a page of our own about a row needs beside its own."""
    return {
        **of_model.admin_site.each_context(request),
        "title": title,
        "opts": of_model.opts,
        "original": row,
        "media": of_model.media,
        **context,
    }
