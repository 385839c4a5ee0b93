"""Requests about personal data that came by mail, for staff: one place to find, to answer and to close them."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from signatures import holdings, reasons, services, tasks
from signatures.admin import resending
from signatures.admin.base import ReadOnlyAdmin, staff_of
from signatures.forms import AnswerForm, CloseForm, PrivacyRequestForm
from signatures.models import ModerationAct, PrivacyRequest, Signature
from signatures.services import Changed
from signatures.visibility import Output, shown

Action = ModerationAct.Action
PAGE = "admin:signatures_privacyrequest_change"


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ReadOnlyAdmin):
    """Whoever may erase signatures for their signers sees and does everything here."""

    list_display = ["id", "kind", "received_on", "due", "found", "outcome", "note", "staff", "done_by"]
    list_filter = ["kind", "outcome"]
    list_select_related = ["staff", "done_by"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("signatures.erase_signature")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("due on"), ordering="due_on")
    def due(self, asked: PrivacyRequest) -> str:
        day = formats.date_format(asked.due_on, "SHORT_DATE_FORMAT")
        return (
            format_html('<strong class="overdue">{} · {}</strong>', day, gettext("overdue"))
            if asked.is_overdue
            else day
        )

    def get_urls(self) -> list[URLPattern]:
        answer, close = map(self.admin_site.admin_view, (self.answer, self.close))
        return [
            path("<int:pk>/answer/", answer, name="signatures_privacyrequest_answer"),
            path("<int:pk>/close/", close, name="signatures_privacyrequest_close"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks for the address, by POST only: it is in no address bar, and nowhere once the page has answered."""
        self.refuse_others(request)
        form = PrivacyRequestForm(request.POST or None)
        if not form.is_valid():
            return self.page(request, "new", form=form, title=_("New request about personal data"))
        asked = services.receive(received=form.received, staff=staff_of(request))
        if form.received.send_link:
            tasks.nudge_letters()
            said = _("Where that address has confirmed a signature, the link to its page is on the way there.")
            self.message_user(request, said, messages.SUCCESS)
        return redirect(PAGE, asked.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.refuse_others(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self.show(request, self.find(request, object_id))

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Does for the chosen signatures what was asked; an erasure asks once more before."""
        self.refuse_others(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        asked = self.find(request, pk)
        form = AnswerForm(request.POST, request=asked)
        if not form.is_valid():
            for errors in form.errors.values():
                self.message_user(request, " ".join(map(str, errors)), messages.ERROR)
            return redirect(PAGE, pk)
        act, chosen = form.cleaned_data["act"], form.cleaned_data["chosen"]
        if act == Action.ERASE and not form.cleaned_data["is_sure"]:
            rows = rows_of(asked, chosen)
            title = gettext("Erase for good?")
            return self.page(request, "erase", asked=asked, rows=rows, form=form, title=title)
        signatures = Signature.objects.filter(privacy_requests=asked, pk__in=chosen)
        if act == Action.RESEND:
            if not asked.is_open:
                self.say(request, act, None)
                return redirect(PAGE, pk)
            sent = services.resend_for(signatures=signatures, reason=asked.note, staff=staff_of(request))
            tasks.nudge_letters()
            resending.say(request, sent)
            return redirect(PAGE, pk)
        # Read before the account of it is written, and before anybody else can erase them.
        copies = holdings.copies_by_staff(signatures) if act == Action.COPY else []
        outcome = services.answer_by(
            request_id=pk,
            action=act,
            chosen=chosen,
            staff=staff_of(request),
            name=form.cleaned_data["name"],
            closes=not form.cleaned_data["stays_open"],
        )
        if act == Action.COPY and outcome:
            return download(asked, copies)
        if act == Action.ERASE:
            tasks.nudge_letters()  # for the last letter, which says that it is done
        self.say(request, act, outcome)
        return redirect(PAGE, pk)

    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.refuse_others(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        asked = self.find(request, pk)
        form = CloseForm(request.POST)
        if not form.is_valid():
            return self.show(request, asked, form)
        if services.close_request(request_id=pk, staff=staff_of(request), **form.cleaned_data):
            self.message_user(request, _("The request is closed."), messages.SUCCESS)
        else:
            self.say(request, "", None)
        return redirect(PAGE, pk)

    def say(self, request: HttpRequest, act: str, outcome: Changed | int | None) -> None:
        """What came of it, without a name: the session keeps messages in the database."""
        if outcome is None:
            self.message_user(request, _("Somebody else has closed this request already."), messages.WARNING)
        elif outcome is Changed.NAME_IS_TAKEN:
            said = _("Not changed: the other signature of the same address has this name already.")
            self.message_user(request, said, messages.ERROR)
        elif isinstance(outcome, Changed) or not outcome:
            said = _("Nothing was changed: for a signature in this state there is nothing of that kind to do.")
            self.message_user(request, said, messages.WARNING)
        else:
            done = ngettext("%(n)d signature: %(act)s.", "%(n)d signatures: %(act)s.", outcome)
            self.message_user(request, done % {"n": outcome, "act": Action(act).label}, messages.SUCCESS)

    def show(self, request: HttpRequest, asked: PrivacyRequest, close_form: CloseForm | None = None) -> HttpResponse:
        title = f"{asked._meta.verbose_name} {asked.pk}"
        form = close_form or CloseForm()
        context = {"asked": asked, "rows": rows_of(asked), "form": form, "backup_days": settings.BACKUP_DAYS}
        return self.page(request, "request", title=title, **context)

    def page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/signatures/privacyrequest/{name}.html", context)

    def find(self, request: HttpRequest, pk: str | int) -> PrivacyRequest:
        asked = self.get_object(request, str(pk))
        if asked is None:
            raise Http404
        return cast(PrivacyRequest, asked)

    def refuse_others(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def rows_of(asked: PrivacyRequest, chosen: list[int] | None = None) -> list[dict[str, Any]]:
    """What there is of each signature that was found, as far as staff may see it."""
    found = asked.signatures.order_by("pk") if chosen is None else asked.signatures.filter(pk__in=chosen).order_by("pk")
    return [
        {
            "signature": row,
            "name": shown(row, "name", Output.ADMIN),
            "email": shown(row, "email", Output.ADMIN),
            "has_address": bool(row.email),
            "reason": reasons.for_staff(row.moderation_reason),
            "events": row.consent_events.all(),
            "letters": row.letters.all(),
        }
        for row in found.select_related("campaign").prefetch_related("consent_events", "letters")
    ]


def download(asked: PrivacyRequest, copies: list[dict[str, Any]]) -> HttpResponse:
    response = JsonResponse({"signatures": copies}, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="request-{asked.pk}.json"'
    return response
