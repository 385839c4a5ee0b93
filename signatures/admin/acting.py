"""What staff do to the signatures that they have chosen on a list: each act asks for its reason first."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from signatures import services
from signatures.admin import resending
from signatures.admin.base import ReadOnlyAdmin, sent_before
from signatures.admin.typed import TypedSearch
from signatures.forms import ModerationForm, ReasonForm
from signatures.models import ModerationAct, SignatureQuerySet, Staff
from signatures.reasons import GUIDE, Reason
from signatures.visibility import Output, shown

Action = ModerationAct.Action
TITLES = {
    Action.HOLD: _("Hold signatures"),
    Action.RELEASE: _("Release signatures"),
    Action.REJECT: _("Reject signatures"),
    Action.RESTORE: _("Restore signatures"),
    Action.HIDE: _("Hide names"),
    Action.SHOW: _("Show names again"),
}
AT_ONCE = 1000  # more than a page shows; beyond it a job is prepared instead


def guide() -> list[tuple[Any, Any]]:
    """The fixed reasons, each with what it means."""
    return [(reason.label, GUIDE[reason]) for reason in Reason]


class ActingAdmin(TypedSearch, ReadOnlyAdmin):
    """The actions of a list of signatures."""

    actions: Sequence[str] = ["hold", "release", "reject", "restore", "hide", "show", "withdraw", "erase", "resend"]

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatures.moderate_signature")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatures.erase_signature")

    @admin.action(description=_("Hold the chosen signatures"), permissions=["moderate"])
    def hold(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, Action.HOLD)

    @admin.action(description=_("Release the chosen signatures, or find nothing wrong"), permissions=["moderate"])
    def release(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, Action.RELEASE)

    @admin.action(description=_("Reject the chosen signatures"), permissions=["moderate"])
    def reject(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, Action.REJECT)

    @admin.action(description=_("Restore the chosen signatures that were rejected"), permissions=["moderate"])
    def restore(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, Action.RESTORE)

    @admin.action(description=_("Hide the names of the chosen signatures"), permissions=["moderate"])
    def hide(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, Action.HIDE)

    @admin.action(description=_("Show the names of the chosen signatures again"), permissions=["moderate"])
    def show(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.moderate(request, signatures, Action.SHOW)

    @admin.action(description=_("Withdraw the chosen signatures for their signers"), permissions=["erase"])
    def withdraw(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        return self.leave(request, signatures, services.withdraw_for, _("Withdraw signatures"))

    @admin.action(description=_("Erase the chosen signatures for their signers"), permissions=["erase"])
    def erase(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        warning = _("This cannot be undone: names, addresses and consent go, and the signatures leave the count.")
        return self.leave(request, signatures, services.erase_for, _("Erase signatures"), warning)

    @admin.action(description=_("Send the letter again to the chosen signers"), permissions=["moderate"])
    def resend(self, request: HttpRequest, signatures: SignatureQuerySet) -> HttpResponse | None:
        def send(rows: SignatureQuerySet, reason: str, staff: Staff) -> services.Sent:
            return services.resend_for(signatures=rows, reason=reason, staff=staff)

        return resending.ask_or_send(self, request, signatures, send, gettext("Send the letter again"))

    def moderate(self, request: HttpRequest, signatures: SignatureQuerySet, action: str) -> HttpResponse | None:
        form = ModerationForm(request.POST if "reason" in request.POST else None, action=action)
        if not form.is_valid():
            return self.ask(request, signatures, form, TITLES[Action(action)], guide=guide())
        if self.is_too_many(request, signatures):
            return None
        staff = cast(User, request.user)
        self.tell(request, services.moderate(action=action, signatures=signatures, why=form.why, staff=staff))
        return None

    def leave(
        self,
        request: HttpRequest,
        signatures: SignatureQuerySet,
        verb: Callable[..., ModerationAct],
        title: Any,
        warning: Any = "",
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self.ask(request, signatures, form, title, warning=warning)
        if self.is_too_many(request, signatures):
            return None
        self.tell(request, verb(signatures=signatures, reason=form.cleaned_data["reason"], staff=request.user))
        return None

    def ask(
        self, request: HttpRequest, signatures: SignatureQuerySet, form: Form, title: Any, **context: Any
    ) -> HttpResponse:
        """For the reason, showing how many signatures are meant, and which."""
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "form": form,
            "how_many": signatures.count(),
            "sample": [(row, shown(row, "name", Output.ADMIN)) for row in signatures[:10]],
            "posted": sent_before(request, form),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/signatures/moderate.html", context)

    def is_too_many(self, request: HttpRequest, signatures: SignatureQuerySet) -> bool:
        is_so = signatures.order_by()[: AT_ONCE + 1].count() > AT_ONCE
        if is_so:
            self.message_user(
                request,
                _("So many at once are done as a job: use “Act on all that match” above the list."),
                messages.WARNING,
            )
        return is_so

    def tell(self, request: HttpRequest, act: ModerationAct) -> None:
        message = ngettext("%(n)d signature: %(act)s.", "%(n)d signatures: %(act)s.", act.how_many)
        self.message_user(request, message % {"n": act.how_many, "act": act.get_action_display()}, messages.SUCCESS)
