"""A campaign, for staff: who is responsible, what is missing before it opens, its languages, and its state."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import checklist, services
from campaigns.admin.base import page, to_change
from campaigns.models import Campaign

# What moving a campaign there means, and the button that does it.
MOVES = {
    "open": (_("Open"), _("Visitors see the page and can sign, between the opening and the closing date.")),
    "paused": (_("Pause"), _("Visitors still see the page and cannot sign until you open it again.")),
    "closed": (_("Close"), _("Visitors still see the page and cannot sign any more. You can open it again.")),
    "delivered": (
        _("Mark as delivered"),
        _("The page says that the signatures were handed over, and on which day. Nobody can sign any more."),
    ),
}


class CampaignForm(forms.ModelForm):
    """Its fields are those of `CampaignAdmin.fieldsets`."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.instance.state != Campaign.State.DRAFT:
            for name in Campaign.RESPONSIBILITY:
                if name not in self.errors and data.get(name) in (None, ""):
                    self.add_error(name, _("Visitors can see this campaign: it cannot do without this."))
        if data.get("opens_at") and data.get("closes_at") and data["opens_at"] >= data["closes_at"]:
            self.add_error("closes_at", _("The campaign must close after it opens."))
        return data


class DeliveredForm(forms.Form):
    delivered_on = forms.DateField(label=_("Delivered on"), widget=AdminDateWidget)

    def clean_delivered_on(self) -> Any:
        day = self.cleaned_data["delivered_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):
    form = CampaignForm
    change_form_template = "admin/campaigns/campaign/change_form.html"
    list_display = ["slug", "now", "organisation", "opens_at", "closes_at"]
    list_filter = ["state"]
    readonly_fields = ["now", "is_demonstration"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "slug",
                    "source_language",
                    "now",
                    "opens_at",
                    "closes_at",
                    "default_visibility",
                    "goal_steps",
                    "progress_shown_from",
                ]
            },
        ),
        (
            _("Who is responsible"),
            {
                "fields": [*(name for name in Campaign.RESPONSIBILITY if name != "closes_at"), "is_demonstration"],
                "description": _("All of it must be filled in before the campaign can be opened."),
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[str]:
        """Letters and shared links carry the address, and translations go by the source: both stay once it is out."""
        is_out = obj is not None and obj.state != Campaign.State.DRAFT
        return [*self.readonly_fields, *(["slug", "source_language"] if is_out else [])]

    @admin.display(description=_("state"), ordering="state")
    def now(self, campaign: Campaign) -> str:
        if campaign.state_now == Campaign.State.OPEN and campaign.is_before_opening:
            return gettext("opens by itself")
        return str(Campaign.State(campaign.state_now).label)

    def save_model(self, request: HttpRequest, obj: Campaign, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.publish_consent(campaign=obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        campaign = kwargs.get("obj")
        if campaign is not None:
            # As it is saved, not as a form with errors has it.
            saved = Campaign.objects.prefetch_related("texts").get(pk=campaign.pk)
            context |= {
                "checklist": checklist.checklist(saved),
                "languages": checklist.languages(saved),
                "moves": [(to, MOVES[to][0]) for to in saved.next_states],
                "now": self.now(saved),
                "may_change": self.has_change_permission(request, saved),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        move = self.admin_site.admin_view(self.move)
        return [path("<int:pk>/state/", move, name="campaigns_campaign_state"), *super().get_urls()]

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks before it acts, and says what will be."""
        campaign = to_change(self, request, pk)
        back = redirect("admin:campaigns_campaign_change", pk)
        to = (request.POST if request.method == "POST" else request.GET).get("to", "")
        if to not in campaign.next_states:
            return back
        form = DeliveredForm(request.POST or None) if to == Campaign.State.DELIVERED else None
        missing = checklist.missing(campaign) if services.is_checked(campaign, to) else []
        if request.method != "POST" or (form and not form.is_valid()) or missing:
            title, words = MOVES[to]
            context = {"to": to, "words": words, "form": form, "missing": missing}
            return TemplateResponse(
                request, "admin/campaigns/campaign/state.html", page(self, request, title, campaign, **context)
            )
        try:
            moved = services.move(campaign_id=pk, to=to, **(form.cleaned_data if form else {}))
        except (services.NotNext, services.Incomplete):
            messages.error(request, _("Somebody has changed the campaign meanwhile. Look again."))
            return back
        self.log_change(request, moved, gettext("State: %(state)s.") % {"state": moved.get_state_display()})
        if to == Campaign.State.DELIVERED:
            write = f"{reverse('admin:campaigns_update_add')}?campaign={pk}"
            said = format_html(
                '{} <a href="{}">{}</a>', _("Marked as delivered."), write, _("Tell in an update how it went")
            )
            messages.success(request, said)
        else:
            messages.success(request, gettext("The campaign is now %(state)s.") % {"state": self.now(moved)})
        return back
