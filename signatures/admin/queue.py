"""The queue: signatures that are held or doubted, the oldest first, each with the reasons."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from signatures import reasons
from signatures.admin import bulk, doubts
from signatures.admin.acting import ActingAdmin
from signatures.admin.signatures import SignatureAdmin
from signatures.models import QueuedSignature


@admin.register(QueuedSignature)
class QueueAdmin(SignatureAdmin):
    """Acted on like on any list of signatures; what is dealt with leaves it."""

    list_display = ["id", "shown_name", "country_name", "why", "waiting", "state", "moderation"]
    list_filter = [doubts.DoubtFilter, "campaign", "state", "moderation"]
    ordering = ["id"]
    actions = ["release", "restore", "hold", "reject", "hide", "withdraw", "erase"]

    def get_urls(self) -> list[URLPattern]:
        return [*bulk.urls(self), *ActingAdmin.get_urls(self)]

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["id"]  # whatever is asked about

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return QueuedSignature.objects.to_look_at().prefetch_related(doubts.with_open_doubts())

    @admin.display(description=_("waiting for"))
    def waiting(self, signature: Any) -> str:
        """Held for, or doubted for where nothing holds it: who was rejected and asks again waits since then."""
        is_held = signature.moderation == QueuedSignature.Moderation.HELD
        doubted = (doubt.made_at for doubt in signature.open_doubts)
        since = signature.held_since if is_held else min(doubted, default=signature.created_at)
        return timesince(since, timezone.now(), depth=1)

    @admin.display(description=_("reasons"))
    def why(self, signature: Any) -> str:
        found = [str(reasons.for_staff(signature.moderation_reason))] if signature.moderation_reason else []
        return "; ".join([*found, *doubts.in_words(signature)])

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("signatures.view_signature")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
