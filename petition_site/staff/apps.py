from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, reached by a password and a second factor."""

    default_site = "petition_site.staff.site.StaffSite"

    def ready(self) -> None:
        super().ready()  # each application has registered its pages
        from petition_site.staff import accounts  # noqa: F401  (puts ours in the place of some)
