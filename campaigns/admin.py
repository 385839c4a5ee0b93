"""Campaigns and their words, for staff."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns import services
from campaigns.models import Campaign, CampaignText, ConsentText, Update


class CampaignForm(ModelForm):
    """Its fields are those of `CampaignAdmin.fieldsets`."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("state") == Campaign.State.OPEN:
            for name in Campaign.RESPONSIBILITY:
                if name not in self.errors and data.get(name) in (None, ""):
                    self.add_error(name, _("This is needed before the campaign can be opened."))
        if data.get("opens_at") and data.get("closes_at") and data["opens_at"] >= data["closes_at"]:
            self.add_error("closes_at", _("The campaign must close after it opens."))
        return data


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):
    form = CampaignForm
    list_display = ["slug", "state", "organisation", "opens_at", "closes_at"]
    list_filter = ["state"]
    readonly_fields = ["is_demonstration"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "slug",
                    "source_language",
                    "state",
                    "opens_at",
                    "closes_at",
                    "default_visibility",
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

    def save_model(self, request: HttpRequest, obj: Campaign, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.publish_consent(campaign=obj)


@admin.register(CampaignText)
class CampaignTextAdmin(admin.ModelAdmin):
    list_display = ["title", "campaign", "language", "review"]
    list_filter = ["campaign", "language"]
    list_select_related = ["campaign"]
    readonly_fields = ["review"]

    @admin.display(description=_("review"))
    def review(self, text: CampaignText) -> str:
        if text._state.adding:
            return ""
        if text.is_source:
            return str(_("source text"))
        notes = [str(_("translation awaiting review")) if text.is_awaiting_review else text.reviewer]
        if text.is_out_of_date(text.campaign.source_text):
            notes.append(str(_("out of date: the source text has changed since")))
        return "; ".join(notes)

    def save_model(self, request: HttpRequest, obj: CampaignText, form: ModelForm, change: bool) -> None:
        services.save_words(words=obj)
        services.publish_consent(campaign=obj.campaign)


@admin.register(Update)
class UpdateAdmin(admin.ModelAdmin):
    list_display = ["title", "campaign", "language", "published_at", "reviewer"]
    list_filter = ["campaign", "language"]
    list_select_related = ["campaign"]


@admin.register(ConsentText)
class ConsentTextAdmin(admin.ModelAdmin):
    """To read: versions are made by saving a campaign's words."""

    list_display = ["campaign", "language", "version", "created_at"]
    list_select_related = ["campaign"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ConsentText | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ConsentText | None = None) -> bool:
        return False
