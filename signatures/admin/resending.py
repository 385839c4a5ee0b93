"""Letters that staff send once more: to signers, from their list, and those that failed, from the outbox."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from signatures import tasks
from signatures.admin.base import sent_before
from signatures.forms import ReasonForm
from signatures.models import Letter
from signatures.services import Sent
from signatures.services.resending import AT_ONCE, GONE, NO_ADDRESS

State = Letter.State


def ask_or_send(
    model_admin: ModelAdmin, request: HttpRequest, rows: QuerySet[Any], send: Callable[..., Sent], title: str
) -> HttpResponse | None:
    """Asks why, showing how many rows are meant, and then sends. Nothing where more is chosen than one can mean."""
    how_many = rows[: AT_ONCE + 1].count()
    if how_many > AT_ONCE:
        said = _("At most %(n)d at once: choose fewer, by a filter or by hand. Nothing was sent.")
        messages.error(request, said % {"n": AT_ONCE})
        return None
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    form.fields["reason"].help_text = _("Goes into the acts of moderation, with your name.")
    if not form.is_valid():
        context = {
            **model_admin.admin_site.each_context(request),
            "title": title,
            "form": form,
            "how_many": how_many,
            "posted": sent_before(request, form),
            "opts": model_admin.opts,
        }
        return TemplateResponse(request, "admin/signatures/send_again.html", context)
    sent = send(rows, form.cleaned_data["reason"], request.user)
    tasks.nudge_letters()
    say(request, sent)
    return None


def say(request: HttpRequest, sent: Sent) -> None:
    """How many are on the way, and of each reason how many are not."""
    n = sent.outcomes[State.WAITING]
    if n:
        said = ngettext("A letter for %(n)d is on the way.", "Letters for %(n)d are on the way.", n)
        messages.success(request, said % {"n": n})
    for outcome in (NO_ADDRESS, State.CAPPED, State.SUPPRESSED, State.BLOCKED, GONE, State.NOBODY):
        if n := sent.outcomes[outcome]:
            messages.warning(request, sentence(outcome, n) % {"n": n})
    if not sent.outcomes:
        messages.warning(request, _("Nothing was sent: none of the chosen rows is one that this can be done for."))


def sentence(outcome: str, n: int) -> str:
    if outcome == NO_ADDRESS:
        return ngettext(
            "%(n)d not sent: no address is kept, the signer is counted only.",
            "%(n)d not sent: no address is kept, the signers are counted only.",
            n,
        )
    if outcome == State.CAPPED:
        return ngettext(
            "%(n)d not sent: the address has had as many letters as it can get for now.",
            "%(n)d not sent: the addresses have had as many letters as they can get for now.",
            n,
        )
    if outcome == State.SUPPRESSED:
        return ngettext(
            "%(n)d not sent: the address takes no letters, until that is lifted under “suppressed addresses”.",
            "%(n)d not sent: the addresses take no letters, until that is lifted under “suppressed addresses”.",
            n,
        )
    if outcome == State.BLOCKED:
        return ngettext(
            "%(n)d not sent: a rule blocked the signature when it was made.",
            "%(n)d not sent: a rule blocked the signatures when they were made.",
            n,
        )
    return ngettext(
        "%(n)d not sent: withdrawn, erased, or a letter that no longer applies.",
        "%(n)d not sent: withdrawn, erased, or letters that no longer apply.",
        n,
    )
