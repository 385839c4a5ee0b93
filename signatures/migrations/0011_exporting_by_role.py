"""What exporters may besides: numbers, which can also be given to somebody without the right to names, and requests."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

ADDED = {
    "exporter": ["export_numbers", "view_exportrequest"],
    "administrator": ["export_numbers", "view_exportrequest"],
}


def add_to_roles(apps, schema_editor):
    """Where staff have taken a role away it stays away."""
    using = schema_editor.connection.alias
    # Django makes permissions after the last migration, which on a new database is too late.
    app = apps.get_app_config("signatures")
    module, app.models_module = getattr(app, "models_module", None), True
    create_permissions(app, verbosity=0, interactive=False, using=using, apps=apps)
    app.models_module = module
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=ADDED):
        found = permissions.filter(content_type__app_label="signatures", codename__in=ADDED[group.name])
        group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0010_exports")]

    operations = [migrations.RunPython(add_to_roles, migrations.RunPython.noop)]
