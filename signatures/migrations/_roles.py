"""What a migration adds to the roles of staff that migration 0009 made."""

from django.contrib.auth.management import create_permissions


def add(apps, schema_editor, added):
    """`added` names permissions, as `app_label.codename`, for each role. Where staff have taken a role away it stays
    away."""
    using = schema_editor.connection.alias
    # Django makes permissions after the last migration, which on a new database is too late.
    for label in {name.partition(".")[0] for names in added.values() for name in names}:
        app = apps.get_app_config(label)
        module, app.models_module = getattr(app, "models_module", None), True
        create_permissions(app, verbosity=0, interactive=False, using=using, apps=apps)
        app.models_module = module
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=added):
        for name in added[group.name]:
            label, _dot, codename = name.partition(".")
            group.permissions.add(permissions.get(content_type__app_label=label, codename=codename))
