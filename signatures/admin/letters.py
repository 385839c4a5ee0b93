"""The outbox and the addresses that get no letters, for staff."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from signatures import addresses, pace, services
from signatures.admin import resending
from signatures.admin.base import ReadOnlyAdmin, short
from signatures.admin.typed import TypedSearch
from signatures.models import Letter, LetterQuerySet, Staff, Suppression
from signatures.services import Sent


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "state", "attempts", "written", "due", "sent", "error"]
    list_filter = ["state", "kind"]
    ordering = ["-id"]
    fields = ["signature", "kind", "state", "attempts", "created_at", "due_at", "sent_at", "error"]
    actions = ["retry"]

    @admin.display(description=_("written at"), ordering="created_at")
    def written(self, letter: Letter) -> str:
        return short(letter.created_at)

    @admin.display(description=_("due at"), ordering="due_at")
    def due(self, letter: Letter) -> str:
        return short(letter.due_at)

    @admin.display(description=_("sent at"), ordering="sent_at")
    def sent(self, letter: Letter) -> str:
        return short(letter.sent_at)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatures.moderate_signature")

    @admin.action(description=_("Try the chosen letters again, those that failed"), permissions=["moderate"])
    def retry(self, request: HttpRequest, letters: LetterQuerySet) -> HttpResponse | None:
        def send(rows: LetterQuerySet, reason: str, staff: Staff) -> Sent:
            return services.retry_for(letters=rows, reason=reason, staff=staff)

        failed = letters.filter(state=Letter.State.FAILED)
        return resending.ask_or_send(self, request, failed, send, gettext("Try failed letters again"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if outbox := pace.current_pause():
            message = _("Sending is paused until %(until)s because the mail server refuses: %(error)s")
            until = formats.date_format(timezone.localtime(outbox.paused_until), "DATETIME_FORMAT")
            self.message_user(request, message % {"until": until, "error": outbox.error}, messages.WARNING)
        return super().changelist_view(request, extra_context)


@admin.register(Suppression)
class SuppressionAdmin(TypedSearch, ReadOnlyAdmin):
    """A row is found by typing its address; whoever may delete it lifts the suppression."""

    list_display = ["id", "reason", "made_at"]
    list_filter = ["reason"]
    search_fields = ["fingerprint"]
    search_help_text = _("A whole address. Only its fingerprint is kept, so that nothing is found by a part of it.")
    ordering = ["-id"]
    fields = ["reason", "made_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            # As the sign box reads it.
            found = validate_email(search_term.strip(), check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            return queryset.none(), False
        return queryset.filter(fingerprint=addresses.suppression_fingerprint(str(found.ascii_email))), False
