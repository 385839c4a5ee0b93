"""Exports, for staff: ask for a list, decide on what somebody else asked for, and download."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from signatures import exports
from signatures.admin.base import staff_of
from signatures.exports import PRESETS
from signatures.forms import ExportForm
from signatures.models import ExportRecord, ExportRequest, Signature

View = Callable[..., HttpResponse | StreamingHttpResponse]
PAGE = "admin:signatures_signature_export"
SHOWN = 10  # of the latest


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("export/", site.admin_view(export), name="signatures_signature_export"),
        path("export/<int:pk>/decide/", site.admin_view(decide), name="signatures_signature_export_decide"),
        path("export/<int:pk>/download/", site.admin_view(download), name="signatures_signature_export_download"),
    ]


def presets_of(request: HttpRequest) -> list[str]:
    """The lists that this person may have."""
    return [name for name, preset in PRESETS.items() if any(map(staff_of(request).has_perm, preset.permissions))]


def names_of(request: HttpRequest) -> list[str]:
    """Those of them with people's names, which need a second person when they are long."""
    return [name for name in presets_of(request) if PRESETS[name].is_named]


def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    presets = presets_of(request)
    if not presets:
        raise PermissionDenied
    form = ExportForm(request.POST or None, presets=presets)
    if not form.is_valid():
        return page(request, form)
    staff = staff_of(request)
    if exports.needs_approval(form.cleaned_data["campaign"], form.cleaned_data["preset"]):
        exports.ask(staff=staff, **form.cleaned_data)
        messages.info(request, _("This list needs a second person: it waits below until a colleague approves it."))
        return redirect(PAGE)
    try:
        return answer(exports.export(staff=staff, **form.cleaned_data))
    except exports.Paused:
        return paused(request)


def page(request: HttpRequest, form: ExportForm) -> HttpResponse:
    staff = staff_of(request)
    requests = ExportRequest.objects.filter(preset__in=names_of(request)).select_related("staff", "campaign")
    records = ExportRecord.objects.filter(staff=staff).select_related("campaign")
    context = {
        **admin.site.each_context(request),
        "title": _("Export signatures"),
        "form": form,
        "opts": Signature._meta,
        "to_decide": requests.filter(is_approved=None).exclude(staff=staff),
        "own": requests.filter(staff=staff)[:SHOWN],
        "records": records[:SHOWN],
        "hours": ExportRequest.HOURS,
        "limit": exports.APPROVAL_ABOVE if names_of(request) else None,
    }
    return TemplateResponse(request, "admin/signatures/export.html", context)


def answer(download: exports.Download) -> StreamingHttpResponse:
    response = StreamingHttpResponse(download.chunks, content_type=download.content_type)
    response["Content-Disposition"] = f'attachment; filename="{download.name}"'
    response["Cache-Control"] = "no-store"
    return response


def paused(request: HttpRequest) -> HttpResponse:
    messages.error(
        request, _("Exports are paused for the whole site. Nothing was exported, and no approval was used up.")
    )
    return redirect(PAGE)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    if not names_of(request) or request.POST.get("decision") not in ("approve", "refuse"):
        raise PermissionDenied
    is_approved = request.POST["decision"] == "approve"
    try:
        is_done = exports.decide(request_id=pk, is_approved=is_approved, staff=staff_of(request))
    except exports.OwnRequest as error:
        raise PermissionDenied from error
    if not is_done:
        messages.warning(request, _("Somebody else has decided on this request already."))
    elif is_approved:
        messages.success(request, _("Approved. Whoever asked for the list can download it once."))
    else:
        messages.success(request, _("Refused."))
    return redirect(PAGE)


@require_POST
def download(request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    if not names_of(request):
        raise PermissionDenied
    try:
        ready = exports.collect(request_id=pk, staff=staff_of(request))
    except exports.Paused:
        return paused(request)
    if ready is None:
        messages.error(request, _("There is nothing to download: not approved, too late, or downloaded already."))
        return redirect(PAGE)
    return answer(ready)
