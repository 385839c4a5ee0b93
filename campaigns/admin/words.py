"""The words of a campaign, for staff: each language beside its source, drafted, looked at and published."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import checklist, services
from campaigns.admin import previews
from campaigns.admin.base import page, to_change
from campaigns.admin.forms import LanguageForm, WordsForm, rows_of
from campaigns.models import CampaignText, ConsentText

LIST = "admin:campaigns_campaigntext_changelist"


@admin.register(CampaignText)
class CampaignTextAdmin(admin.ModelAdmin):
    form = WordsForm
    change_form_template = "admin/campaigns/campaigntext/change_form.html"
    list_display = ["__str__", "campaign", "language", "stage", "review"]
    list_filter = ["campaign", "language"]
    list_select_related = ["campaign"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CampaignText]:
        return super().get_queryset(request).select_related("campaign").prefetch_related("campaign__texts")

    @admin.display(description=_("state"))
    def stage(self, text: CampaignText) -> Any:
        if text.published_at is None:
            return _("not published")
        return _("draft waiting") if text.draft else _("published")

    @admin.display(description=_("review"))
    def review(self, text: CampaignText) -> str:
        drafted, source = text.with_draft(), text.campaign.source_text
        if text.is_source:
            return f"{_('source text')}; {drafted.reviewer or _('awaiting review')}"
        notes = [str(_("translation awaiting review")) if drafted.is_awaiting_review else drafted.reviewer]
        if drafted.is_out_of_date(source and source.with_draft()):
            notes.append(str(_("out of date: the source text has changed since")))
        return "; ".join(notes)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> CampaignText | None:
        """The words as staff have last saved them, published or not."""
        live = super().get_object(request, object_id, from_field)
        return live and live.with_draft()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A new language begins with itself: its words are written beside the source's."""
        return super().get_form(request, obj, change, **({} if obj else {"form": LanguageForm}) | kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return LanguageForm.Meta.fields
        own = ("edition", "still_fit") if self.has_change_permission(request, obj) else ()
        return [*WordsForm.EDITED, *own]

    def save_model(self, request: HttpRequest, obj: CampaignText, form: ModelForm, change: bool) -> None:
        if change:
            saved = services.save_draft(words=obj, still_fit=form.cleaned_data["still_fit"])
            if obj.reviewer not in ("", saved.reviewer):
                messages.warning(
                    request,
                    _("The words have changed, so that the reviewer’s name is gone. Type it once they have been read."),
                )
        else:
            obj.pk = services.add_language(campaign=obj.campaign, language=obj.language).pk

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if isinstance(form, WordsForm) and "title" in form.fields:
            context |= {"rows": rows_of(form), "source": form.source, "text": form.live}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: CampaignText, *args: Any, **kwargs: Any) -> HttpResponse:
        messages.success(request, _("Write the words now. Visitors see them once you publish them."))
        return redirect("admin:campaigns_campaigntext_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: CampaignText) -> HttpResponse:
        if "_preview" in request.POST:
            return self.preview(request, obj.pk)
        if "_publish" in request.POST:
            return redirect("admin:campaigns_campaigntext_publish", obj.pk)
        messages.success(request, _("Saved as a draft. Visitors see it once you publish it."))
        return redirect("admin:campaigns_campaigntext_change", obj.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="campaigns_campaigntext_preview"),
            path("<int:pk>/publish/", view(self.publish), name="campaigns_campaigntext_publish"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page as visitors will see it. The button notes who has seen it; a link only shows it again."""
        text = to_change(self, request, pk)
        if request.method == "POST":
            services.note_preview(text_id=pk, by=request.user.get_username())
            return redirect("admin:campaigns_campaigntext_preview", pk)
        try:
            return previews.page(request, text)
        except ValidationError:  # a new release is stricter than the words that it found
            messages.error(request, _("These words have no form that can be shown. Look at the messages beside them."))
            return redirect("admin:campaigns_campaigntext_change", pk)

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Says what will change, and how many have signed what it changes, before it changes."""
        live = to_change(self, request, pk)
        drafted = live.with_draft()
        if not live.draft and live.published_at:
            messages.info(request, _("There is nothing to publish: visitors see these words."))
            return redirect("admin:campaigns_campaigntext_change", pk)
        changed = services.differing(live, drafted, ("alias", *live.WORDS))
        needs_yes = is_signed(live, changed)
        is_discarding = request.POST.get("decision") == "discard"
        if request.method == "POST" and (is_discarding or "confirmed" in request.POST or not needs_yes):
            return self.decide(request, live)
        context = {
            "text": live,
            "drafted": drafted,
            "changes": [(checklist.label(live, name), getattr(live, name), getattr(drafted, name)) for name in changed],
            "problems": problems_of(drafted),
            "is_signed": needs_yes,
            "is_discarding": "discard" in request.GET and bool(live.draft),
            "signed_words": {*changed} & {*live.SIGNED},
            "consent": ConsentText.objects.current(live.campaign, live.language) if "consent_text" in changed else None,
        }
        context = page(self, request, _("Publish words"), live, **context)
        return TemplateResponse(request, "admin/campaigns/campaigntext/publish.html", context)

    def decide(self, request: HttpRequest, live: CampaignText) -> HttpResponseRedirect:
        edition = request.POST.get("edition", "")
        again = redirect("admin:campaigns_campaigntext_publish", live.pk)
        try:
            if request.POST.get("decision") == "discard":
                services.discard_draft(text_id=live.pk, edition=edition)
                self.log_change(request, live, gettext("Draft discarded."))
                messages.success(request, _("Discarded: the words are those that visitors see."))
            else:
                words = services.publish_words(text_id=live.pk, edition=edition, by=request.user.get_username())
                self.log_change(request, words, gettext("Published."))
                messages.success(request, _("Published. Caches may show the earlier words for some seconds more."))
        except services.EditedMeanwhile:
            messages.error(request, _("Somebody has changed these words meanwhile. Look at them again."))
            return again
        except ValidationError:
            return again
        return redirect("admin:campaigns_campaign_change", live.campaign_id)


def is_signed(live: CampaignText, changed: list[str]) -> bool:
    """Whether people may have signed, or agreed to, what is about to change."""
    return bool(live.published_at and live.campaign.has_opened and {*changed} & {*live.SIGNED, "consent_text"})


def problems_of(drafted: CampaignText) -> list[tuple[str, str]]:
    """Why these words cannot be published: the field, where it is one's, and what is wrong."""
    try:
        services.check_words(words=drafted)
    except ValidationError as error:
        fields = {*drafted.WORDS, "alias", "reviewer"}
        return [
            (name, f"{checklist.label(drafted, name)}: {said}") if name in fields else ("", said)
            for name, messages in error.message_dict.items()
            for said in messages
        ]
    return []
