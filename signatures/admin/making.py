"""Making a delivery: first the campaign, then the letter, looked at with its numbers, and only then made."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from signatures.admin.base import staff_of
from signatures.deliveries import cover, deciding, freezing, previews
from signatures.forms import ChooseCampaignForm, DeliveryForm
from signatures.models import Delivery


def make(of_model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Nothing is made that was not looked at as it is: whoever changes a word looks again."""
    chosen = ChooseCampaignForm(next((sent for sent in (request.GET, request.POST) if "campaign" in sent), None))
    if not chosen.is_valid():
        return page(of_model, request, "choose", _("Make a delivery"), form=chosen)
    campaign = chosen.cleaned_data["campaign"]
    letters, numbers = letters_of(campaign), freezing.preview(campaign)
    context: dict[str, Any] = {"campaign": campaign, "numbers": numbers, "known": cover.KNOWN}
    form = DeliveryForm(request.POST or None, letters=letters)
    if form.is_valid():
        decision, to_be = request.POST.get("decision", ""), previews.to_be(campaign, form.asked)
        if decision == "pdf":
            return HttpResponse(previews.letter_pdf(to_be, numbers), content_type="application/pdf")
        if decision == "make" and form.cleaned_data["seen"] == form.digest:
            delivery = deciding.make(campaign=campaign, staff=staff_of(request), **form.asked)
            of_model.log_addition(request, delivery, [{"added": {}}])
            return redirect("admin:signatures_delivery_change", delivery.pk)
        context |= {"letters": previews.letters(to_be, numbers), "has_changed": decision == "make"}
        posted = request.POST.copy()
        posted["seen"] = form.digest
        form = DeliveryForm(posted, letters=letters)
    title = _("Make a delivery: %(campaign)s") % {"campaign": campaign}
    return page(of_model, request, "make", title, form=form, **context)


def letters_of(campaign: Campaign) -> dict[str, dict[str, str]]:
    """As staff wrote them for the last delivery, so that one that was withdrawn is not written again."""
    last = Delivery.objects.filter(campaign=campaign).order_by("pk").last()
    return {**cover.draft(campaign), **(last.letters if last else {})}


def page(of_model: ModelAdmin, request: HttpRequest, name: str, title: Any, **context: Any) -> HttpResponse:
    context |= {**of_model.admin_site.each_context(request), "title": title, "opts": of_model.opts}
    return TemplateResponse(request, f"admin/signatures/delivery/{name}.html", context)
