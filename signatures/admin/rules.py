"""Rules of staff: made, tried and ended in the admin."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from signatures import dry_runs
from signatures.admin import signals
from signatures.admin.base import OwnFilters, short, staff_of
from signatures.forms import NewRuleForm, RuleForm
from signatures.models import Rule, RuleQuerySet

TRY = "_try"  # the button's name


class InForceFilter(admin.SimpleListFilter):
    title = _("in force")
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("in force")), ("no", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> QuerySet[Rule]:
        in_force = Rule.objects.in_force().order_by().values("pk")
        if self.value() == "yes":
            return queryset.filter(pk__in=in_force)
        return queryset.exclude(pk__in=in_force) if self.value() == "no" else queryset


@admin.register(Rule)
class RuleAdmin(OwnFilters):
    """What a rule is about and does is fixed, because doubts name it by its number; its note and its end are not."""

    list_display = ["id", "about", "kind", "action", "state", "ends", "note", "made_by"]
    list_display_links = ["id", "about"]
    list_filter = [InForceFilter, "kind", "action"]
    list_select_related = ["made_by"]
    ordering = ["-id"]
    actions = ["end"]
    form = RuleForm
    change_form_template = "admin/signatures/rule/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        if obj is None:
            return ["kind", "what", "action", "note", "expires_at", "is_sure"]
        return ["kind", "pattern", "action", "note", "expires_at", "made_by", "made_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> list[str]:
        if obj is None:
            return []
        # What has been emptied stays empty.
        return ["kind", "pattern", "action", "made_by", "made_at", *([] if obj.key else ["note", "expires_at"])]

    def get_form(self, request: HttpRequest, obj: Rule | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            # Django would look for the form's own fields in the model.
            kwargs |= {"form": NewRuleForm, "fields": NewRuleForm.Meta.fields}
        return super().get_form(request, obj, change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Rule, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.made_by = staff_of(request)
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(signals.table)
        return [path("signals/", view, name="signatures_rule_signals"), *super().get_urls()]

    @admin.display(description=_("about"))
    def about(self, rule: Rule) -> Any:
        return rule.pattern or (_("an address") if rule.kind == Rule.Kind.ADDRESS else _("no longer kept"))

    @admin.display(description=_("state"))
    def state(self, rule: Rule) -> Any:
        return _("in force") if rule.is_in_force else format_html('<span class="quiet">{}</span>', _("ended"))

    @admin.display(description=_("ends"), ordering="expires_at")
    def ends(self, rule: Rule) -> str:
        return short(rule.expires_at)

    @admin.action(description=_("End the chosen rules now"), permissions=["change"])
    def end(self, request: HttpRequest, queryset: RuleQuerySet) -> None:
        rules = list(queryset.in_force())
        for rule in rules:
            rule.expires_at = timezone.now()
            rule.save(update_fields=["expires_at"])
            self.log_change(request, rule, [{"changed": {"fields": ["expires_at"]}}])
        message = ngettext("%(n)d rule has ended.", "%(n)d rules have ended.", len(rules)) % {"n": len(rules)}
        self.message_user(request, message, messages.SUCCESS)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and TRY in request.POST:
            return self.try_rule(request, object_id)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def try_rule(self, request: HttpRequest, object_id: str | None) -> HttpResponse:
        """The form again, as it was sent, with what such a rule would have caught. Nothing is saved."""
        rule = self.get_object(request, object_id) if object_id else None
        may = self.has_add_permission(request) if object_id is None else self.has_change_permission(request, rule)
        if not may or (object_id and rule is None):
            raise PermissionDenied
        form = self.get_form(request, rule, change=rule is not None)(request.POST, instance=rule)
        found = None
        if form.is_valid():
            found = dry_runs.run(form.instance.kind, form.instance.pattern, form.cleaned_data.get("what", ""))
        fieldsets = helpers.AdminForm(
            form, cast(Any, self.get_fieldsets(request, rule)), {}, self.get_readonly_fields(request, rule), self
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("What the rule would have caught"),
            "adminform": fieldsets,
            "object_id": object_id,
            "original": rule,
            "is_popup": False,
            "media": self.media + fieldsets.media,
            "inline_admin_formsets": [],
            "errors": helpers.AdminErrorList(form, []),
            "preserved_filters": self.get_preserved_filters(request),
            "found": found,
            "days": dry_runs.DAYS,
            "searches": [search(words) for words in found.searches] if found else [],
        }
        return self.render_change_form(request, context, add=rule is None, change=rule is not None, obj=rule)


def search(words: str) -> tuple[str, str]:
    """What to search signatures for, and the address of the list that it finds; never of a person."""
    return words, f"{reverse('admin:signatures_signature_changelist')}?{urlencode({'q': words})}"
