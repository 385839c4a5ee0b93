"""Deliveries, for staff: made by one, approved by another, taken as a pack, and followed until there is an answer."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from signatures import exports
from signatures.admin import making
from signatures.admin.base import ReadOnlyAdmin, short, staff_of
from signatures.admin.exports import answer
from signatures.deliveries import deciding, freezing, handing_over, offering, previews
from signatures.forms import DeliveryAnswerForm, HandedOverForm, ScanForm, WithdrawDeliveryForm
from signatures.models import Delivery, DeliveryScan, Pack

State = Delivery.State
Response = HttpResponse | StreamingHttpResponse
UPDATES = "admin:campaigns_update_changelist"
REFRESH = 3  # seconds, while something is under way
# What staff are told of a number to pass on.
WHY = {
    "erased": gettext_lazy("erased"),
    "withdrawn": gettext_lazy("withdrawn"),
    "secret": gettext_lazy("the name taken back"),
    "rejected": gettext_lazy("not counted any more after a review"),
}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["made", "campaign", "day", "state", "signatures", "handed_over_on"]
    list_filter = ["campaign", "state"]
    list_select_related = ["campaign"]

    @admin.display(description=gettext_lazy("made at"), ordering="made_at")
    def made(self, delivery: Delivery) -> str:
        return short(delivery.made_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("signatures.make_delivery")

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Callable[..., Response]] = {
            "decide": self.decide,
            "hand-over": self.hand_over,
            "answer": self.record_answer,
            "scan": self.add_scan,
            "scan/<int:scan>": self.scan,
            "pack/<int:pack>": self.pack,
        }
        views = [
            path(f"<int:pk>/{at}/", self.admin_site.admin_view(view), name=f"signatures_delivery_{view.__name__}")
            for at, view in pages.items()
        ]
        return [*views, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return making.make(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        return self.show(request, self.found(int(object_id) if object_id.isdecimal() else 0))

    def show(self, request: HttpRequest, delivery: Delivery, **forms: Any) -> HttpResponse:
        """How it stands, and what can be done next; a form that comes back with errors in the place of an empty one."""
        packs = list(delivery.packs.all())
        under_way = next((pack for pack in packs if pack.state in Pack.UNDER_WAY), None)
        true = set(Pack.objects.true().filter(delivery=delivery).values_list("pk", flat=True))
        frozen = freezing.Numbers(delivery.signatures or 0, delivery.names or 0)
        said = next((pack for pack in packs if pack.made_at), frozen)
        context = {
            "delivery": delivery,
            "letters": previews.letters(delivery, said),
            "packs": [(pack, pack.pk in true) for pack in packs],
            "under_way": under_way,
            "may_make_again": delivery.state == State.APPROVED and not true and not under_way,
            "may": self.has_add_permission(request),
            "is_own": delivery.staff_id == staff_of(request).pk,
            "taken_back": [(number, WHY[why]) for number, why in handing_over.taken_back(delivery)],
            "withdraw_form": WithdrawDeliveryForm(),
            "scan_form": ScanForm(),
            "scans": delivery.scans.defer("data").select_related("staff"),
            **forms,
        }
        response = making.page(self, request, "delivery", str(delivery), **context)
        if delivery.state == State.MADE or under_way:
            response["Refresh"] = str(REFRESH)
        return response

    def found(self, pk: int) -> Delivery:
        people = ("staff", "decided_by", "withdrawn_by", "handed_over_by", "campaign", "pack")
        return get_object_or_404(Delivery.objects.select_related(*people), pk=pk)

    def checked(self, request: HttpRequest, pk: int) -> Delivery:
        """For whoever may act on it. Raises PermissionDenied and Http404."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.found(pk)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approving, withdrawing, another pack. A press that comes too late says so and changes nothing."""
        delivery, staff = self.checked(request, pk), staff_of(request)
        decision = request.POST.get("decision", "")
        if decision == "withdraw":
            form = WithdrawDeliveryForm(request.POST)
            if not form.is_valid():
                return self.show(request, delivery, withdraw_form=form)
            done = deciding.withdraw(delivery_id=pk, staff=staff, **form.cleaned_data)
        elif decision == "approve":
            try:
                done = deciding.approve(delivery_id=pk, staff=staff)
            except deciding.OwnDelivery as error:
                raise PermissionDenied from error
        elif decision == "make_again":
            done = deciding.make_again(delivery_id=pk)
        else:
            raise PermissionDenied
        return self.back(request, delivery, done, SAID[decision])

    def hand_over(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Records that it was, or corrects what is recorded."""
        delivery = self.checked(request, pk)
        form = HandedOverForm(request.POST or None, delivery=delivery)
        if not form.is_valid():
            title = _("Handed over")
            return making.page(self, request, "hand_over", title, form=form, delivery=delivery)
        if delivery.is_handed_over:
            done = handing_over.amend(delivery_id=pk, facts=form.facts)
        else:
            pack, staff = form.cleaned_data["pack"], staff_of(request)
            done = handing_over.hand_over(delivery_id=pk, pack_id=pack.pk, facts=form.facts, staff=staff)
            if done:
                tell_of_updates(request)
        return self.back(request, delivery, done, _("Recorded: handed over."))

    def record_answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = self.checked(request, pk)
        form = DeliveryAnswerForm(request.POST or None, delivery=delivery)
        if not form.is_valid():
            return making.page(self, request, "answer", _("Answer"), form=form, delivery=delivery)
        done = handing_over.record_answer(delivery_id=pk, **form.cleaned_data)
        if done and delivery.state == State.HANDED_OVER:
            tell_of_updates(request)
        return self.back(request, delivery, done, _("Recorded: answered."))

    def add_scan(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = self.checked(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ScanForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.show(request, delivery, scan_form=form)
        scan = form.cleaned_data["scan"]
        DeliveryScan.objects.create(
            delivery=delivery,
            staff=staff_of(request),
            name=scan.name,
            content_type=scan.content_type,
            data=scan.read(),
        )
        return self.back(request, delivery, True, _("Added: a scan."))

    def scan(self, request: HttpRequest, pk: int, scan: int) -> HttpResponse:
        """As it was added; or, by a button, gone: somebody may have added what does not belong here."""
        delivery = self.checked(request, pk)
        row = get_object_or_404(DeliveryScan, delivery=pk, pk=scan)
        if request.method == "POST":
            row.delete()
            return self.back(request, delivery, True, _("Deleted: a scan."))
        response = HttpResponse(bytes(row.data), content_type=row.content_type)
        ending = row.content_type.rpartition("/")[2]
        response["Content-Disposition"] = f'attachment; filename="scan-{row.pk}.{ending}"'
        return response

    def pack(self, request: HttpRequest, pk: int, pack: int) -> Response:
        """The ZIP, by POST, since names leave by it."""
        delivery = self.checked(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not delivery.packs.filter(pk=pack).exists():
            raise Http404
        try:
            download = offering.offer(pack_id=pack, staff=staff_of(request))
        except exports.Paused:
            messages.error(request, _("Exports are paused for the whole site. Nothing was downloaded."))
            return redirect("admin:signatures_delivery_change", pk)
        if download is None:
            return self.back(request, delivery, False, "")
        return answer(download)

    def back(self, request: HttpRequest, delivery: Delivery, done: bool, said: Any) -> HttpResponse:
        if done:
            self.log_change(request, delivery, str(said))
            messages.success(request, said)
        else:
            messages.warning(request, _("The delivery has gone on meanwhile: nothing was done. Look again."))
        return redirect("admin:signatures_delivery_change", delivery.pk)


def tell_of_updates(request: HttpRequest) -> None:
    told = _("An update is drafted in each language: read it, complete it, publish it.")
    messages.info(request, format_html('<a href="{}">{}</a>', reverse(UPDATES), told))


SAID = {
    "approve": gettext_lazy("Approved. The pack is being made."),
    "withdraw": gettext_lazy("Withdrawn. Its signatures go into the next delivery."),
    "make_again": gettext_lazy("The pack is being made again."),
}
