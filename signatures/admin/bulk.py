"""Acts over all signatures that match a list, for staff: prepare, look at the set, start, watch, cancel, undo."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from signatures import reasons
from signatures.admin.acting import guide
from signatures.admin.base import ReadOnlyAdmin, short, staff_of
from signatures.admin.typed import IMPERSONAL
from signatures.forms import BulkForm
from signatures.models import BulkJob, Signature
from signatures.services import bulk
from signatures.visibility import Output, shown

SHOWN = 10  # of the frozen set
PAGING = {"p", "o", "all", "e", "q"}


def urls(model_admin: Any) -> list[URLPattern]:
    """For a list of signatures: the page that acts on all that match it."""

    def prepare_from(request: HttpRequest) -> HttpResponse:
        return prepare(request, model_admin)

    site, model = model_admin.admin_site, model_admin.opts.model_name
    return [path("bulk/", site.admin_view(prepare_from), name=f"signatures_{model}_bulk")]


def prepare(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """The list's own query string says which rows; what is posted says what to do with them."""
    if not model_admin.has_moderate_permission(request) or not model_admin.has_view_permission(request):
        raise PermissionDenied
    changelist = reverse(f"admin:signatures_{model_admin.opts.model_name}_changelist")
    try:
        matching = model_admin.get_changelist_instance(request).get_queryset(request)
        form = BulkForm(request.POST or None)
        if form.is_valid():
            job = bulk.prepare(
                signatures=matching,
                action=form.cleaned_data["action"],
                why=form.why,
                matched=filters_of(request),
                staff=staff_of(request),
            )
            return redirect(job_page(job.pk))
    except (IncorrectLookupParameters, TypeError, ValueError):  # a filter that no page of ours has sent
        return redirect(f"{changelist}?e=1")
    context = {
        **admin.site.each_context(request),
        "title": _("Act on all that match"),
        "form": form,
        "guide": guide(),
        "matched": filters_of(request),
        "opts": Signature._meta,
        "back": f"{changelist}?{request.GET.urlencode()}",
    }
    return TemplateResponse(request, "admin/signatures/bulk.html", context)


def filters_of(request: HttpRequest) -> str:
    """The filters of a list in short, without what was typed of a person."""
    filters = [f"{name} = {value}" for name, value in request.GET.items() if name not in PAGING]
    searched = request.GET.get("q", "").strip()
    if searched:
        filters.append(searched if IMPERSONAL.fullmatch(searched) else _("a name or an address"))
    return ", ".join(filters)[:500]


def job_page(pk: int) -> str:
    return reverse("admin:signatures_bulkjob_change", args=[pk])


@admin.register(BulkJob)
class BulkJobAdmin(ReadOnlyAdmin):
    list_display = ["prepared", "staff", "action", "how_many", "changed", "state", "decided_by"]
    list_select_related = ["staff", "decided_by", "act"]
    list_filter = ["state", "action"]

    @admin.display(description=gettext_lazy("prepared at"), ordering="made_at")
    def prepared(self, job: BulkJob) -> str:
        return short(job.made_at)

    @admin.display(description=gettext_lazy("changed"))
    def changed(self, job: BulkJob) -> int | str:
        return job.act.how_many if job.act else ""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(act)
        return [path("<int:pk>/act/", view, name="signatures_bulkjob_act"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The job: what it is about, how far it has come, and what can be done next."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        jobs = BulkJob.objects.select_related("staff", "decided_by", "act", "undo_act")
        job = get_object_or_404(jobs, pk=int(object_id) if object_id.isdecimal() else 0)
        context = {
            **self.admin_site.each_context(request),
            "title": job,
            "job": job,
            "reason": reasons.for_staff(job.reason),
            "sample": [(row, shown(row, "name", Output.ADMIN)) for row in bulk.sample(job, SHOWN)],
            "can_be_undone": bulk.can_be_undone(job),
            "needs_second_person": bulk.needs_second_person(job),
            "rejected_alone": bulk.REJECTED_ALONE,
            "is_own": job.staff_id == staff_of(request).pk,
            "may_moderate": request.user.has_perm("signatures.moderate_signature"),
            "looked_back": bulk.looked_back(job),
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/signatures/bulk_job.html", context)
        if job.is_at_work:
            response["Refresh"] = "3"  # seconds, until the page is asked for again
        return response


PRESSED: dict[str, Callable[[int, User], object]] = {
    "begin": lambda pk, staff: bulk.begin(job_id=pk, staff=staff),
    "approve": lambda pk, staff: bulk.decide(job_id=pk, is_approved=True, staff=staff),
    "refuse": lambda pk, staff: bulk.decide(job_id=pk, is_approved=False, staff=staff),
    "discard": lambda pk, staff: bulk.discard(job_id=pk, staff=staff),
    "cancel": lambda pk, staff: bulk.cancel(job_id=pk),
    "undo": lambda pk, staff: bulk.undo(job_id=pk, staff=staff),
}


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """What staff press on a job's page. A press that comes too late says so and changes nothing."""
    if not request.user.has_perm("signatures.moderate_signature"):
        raise PermissionDenied
    decision, staff = request.POST.get("decision", ""), staff_of(request)
    try:
        done = PRESSED[decision](pk, staff)
    except (KeyError, bulk.NotTheirs) as error:
        raise PermissionDenied from error
    if not done:
        messages.warning(request, _("The job is not there any more, or has gone on: nothing was done."))
    if decision == "discard" or not BulkJob.objects.filter(pk=pk).exists():
        return redirect("admin:signatures_bulkjob_changelist")
    return redirect(job_page(pk))
