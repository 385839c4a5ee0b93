"""The accounts of staff and their roles: nobody gives, takes over or sees more than is theirs."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, ManyToManyField, OuterRef, Q, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from petition_site.staff import second_factor

# The groups of signatures/migrations/0009_roles.py. Their names are identifiers, translated where they are shown.
ROLES = (
    gettext_noop("campaign editor"),
    gettext_noop("moderator"),
    gettext_noop("exporter"),
    gettext_noop("administrator"),
)

# Their pages would show the secrets of all staff.
for model in (StaticDevice, TOTPDevice):
    admin.site.unregister(model)
admin.site.unregister(User)


def shown_name(group: Group) -> str:
    return _now(group.name) if group.name in ROLES else group.name


def permissions_of(user: Any) -> QuerySet[Permission]:
    """By name or by group, whether the account is active or not."""
    return Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))


def groups_within(user: Any) -> QuerySet[Group]:
    """Those that give nothing that this user does not have."""
    beyond = Permission.objects.exclude(pk__in=permissions_of(user).values("pk"))
    return Group.objects.exclude(permissions__in=beyond)


def is_beyond(user: User, staff: Any) -> bool:
    """Whether an account may do something that these staff may not: to act as it would be to rise."""
    if staff.is_superuser:
        return False
    return user.is_superuser or permissions_of(user).exclude(pk__in=permissions_of(staff).values("pk")).exists()


class GroupsField(ModelMultipleChoiceField):
    def label_from_instance(self, group: Any) -> str:
        return shown_name(group)


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(group.pk), shown_name(group)) for group in Group.objects.order_by("name")]

    def queryset(self, request: HttpRequest, users: QuerySet[User]) -> QuerySet[User]:
        chosen = self.value() or ""
        return users.filter(groups=int(chosen)) if chosen.isdecimal() else users


@admin.register(User)
class StaffAdmin(UserAdmin):
    list_display = ["username", "roles", "has_second_factor", "is_active", "is_staff", "first_name", "last_name"]
    list_filter = ["is_active", "is_staff", RoleFilter]
    change_form_template = "admin/auth/user/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        is_set_up = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(is_set_up=is_set_up).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(shown_name(group) for group in user.groups.all())

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return bool(user.is_set_up)  # type: ignore[attr-defined]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and is_beyond(obj, request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and is_beyond(obj, request.user))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What makes somebody more than their roles is for superusers."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        hidden = ("is_superuser", "user_permissions")
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in fieldsets
        ]

    def formfield_for_manytomany(self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            groups = Group.objects.all() if request.user.is_superuser else groups_within(request.user)
            kwargs |= {"form_class": GroupsField, "queryset": groups.order_by("name")}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        reset = self.admin_site.admin_view(self.reset_second_factor)
        return [path("<id>/second-factor/", reset, name="auth_user_second_factor"), *super().get_urls()]

    def reset_second_factor(self, request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002  (as in UserAdmin)
        """For somebody whose device is lost: asks, and then lets their next login set up another one."""
        user = self.get_object(request, id)
        if user is None:
            raise Http404
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method == "POST":
            second_factor.reset(user)
            self.log_change(request, user, [{"changed": {"fields": [second_factor.NAME]}}])
            said = _("%(name)s sets up a new second factor at the next login.") % {"name": user.get_username()}
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:auth_user_change", args=[user.pk]))
        title = _("Reset the second factor of %(name)s") % {"name": user.get_username()}
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "original": user}
        return TemplateResponse(request, "admin/auth/user/reset_second_factor.html", context)
