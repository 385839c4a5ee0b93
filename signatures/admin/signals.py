"""The table of signals, for staff: what it says and has led to, and what another would have. Nothing is changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import formats
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from signatures import signal_runs
from signatures.forms import SignalsForm
from signatures.models import Doubt, Rule
from signatures.signals import Outcome, Signal, Table, written

# What each means, and the limit in its sentence.
MEANS: dict[Signal, tuple[Any, str]] = {
    Signal.CROWD: (gettext_lazy("More than %(n)s attempts within %(time)s from one network in one campaign"), "sign"),
    Signal.RUSH: (
        gettext_lazy("More than %(n)s attempts within %(time)s in one campaign, from everywhere"),
        "sign_campaign",
    ),
    Signal.ONE_DOMAIN: (
        gettext_lazy(
            "More than %(n)s attempts within %(time)s from one network with addresses of one mail domain; at a large"
            " provider, of one mailbox"
        ),
        "sign_domain",
    ),
    Signal.ONE_NAME: (
        gettext_lazy("More than %(n)s attempts within %(time)s under one name from one network"),
        "sign_name",
    ),
    Signal.DISPOSABLE: (gettext_lazy("An address of a throw-away mail domain"), ""),
    Signal.HONEYPOT: (
        gettext_lazy("The field that people do not see was filled; password managers do so for people"),
        "",
    ),
}
OUTCOMES = {
    Outcome.NOTHING: gettext_lazy("nothing but the mark"),
    Outcome.CHALLENGE: gettext_lazy("a challenge"),
    Outcome.HOLD: gettext_lazy("held until somebody has looked"),
}


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """For those who may make rules. What is tried is in the address: it says nothing of anybody."""
    if not request.user.has_perm("signatures.add_rule"):
        raise PermissionDenied
    in_force: Table = settings.SIGNALS
    form = SignalsForm(request.GET if "table" in request.GET else None, initial={"table": written(in_force)})
    other: Table | None = form.cleaned_data["table"] if form.is_valid() else None
    found = signal_runs.run()
    context = {
        **admin.site.each_context(request),
        "title": _("Signals"),
        "opts": Rule._meta,
        "form": form,
        "means": [(signal, Doubt.Kind(signal.value).label, meaning(signal)) for signal in Signal],
        "in_force": [(in_words(signals), OUTCOMES[outcome]) for signals, outcome in in_force],
        "found": found,
        "days": signal_runs.DAYS,
        "most": signal_runs.MOST,
        "rows": rows(found, in_force if other is None else other),
        "sums": found.sums(in_force),
        "other_sums": None if other is None else found.sums(other),
        "line": None if other is None else f"SIGNALS={written(other)}",
    }
    return TemplateResponse(request, "admin/signatures/signals.html", context)


def meaning(signal: Signal) -> str:
    words, limit = MEANS[signal]
    if not limit:
        return str(words)
    rate = settings.LIMITS[limit]
    return str(words) % {"n": formats.number_format(rate.times, force_grouping=True), "time": time_of(rate.seconds)}


def time_of(seconds: int) -> str:
    if seconds % 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return timesince(start, start + timedelta(seconds=seconds))


def in_words(signals: Any) -> str:
    return " + ".join(str(Doubt.Kind(signal.value).label) for signal in Signal if signal in signals)


def rows(found: signal_runs.Found, other: Table) -> list[dict[str, Any]]:
    return [
        {
            "signals": in_words(row.signals),
            "leads_to": OUTCOMES[row.leads_to],
            "would_lead_to": OUTCOMES[row.would_lead_to],
            "is_other": row.leads_to != row.would_lead_to,
            "numbers": [row.n, row.solved, row.counted, row.pending, row.held, row.rejected],
        }
        for row in found.rows(other)
    ]
