"""The four roles of staff, as groups. What staff change of them afterwards stays, backwards too."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

EDITOR = [
    *[
        f"campaigns.{verb}_{model}"
        for model in ("campaign", "campaigntext", "update")
        for verb in ("add", "change", "view")
    ],
    "campaigns.view_consenttext",
]
MODERATOR = [
    *[f"signatures.view_{model}" for model in ("signature", "consentevent", "letter", "moderationact", "suppression")],
    "signatures.moderate_signature",
]
EXPORTER = ["signatures.export_signature", "signatures.view_exportrecord"]
ROLES = {
    "campaign editor": EDITOR,
    "moderator": MODERATOR,
    "exporter": EXPORTER,
    "administrator": [
        *EDITOR,
        *MODERATOR,
        *EXPORTER,
        "signatures.erase_signature",
        "signatures.delete_suppression",
        "signatures.view_retentionrun",
        *[f"auth.{verb}_user" for verb in ("add", "change", "view")],
    ],
}


def make_roles(apps, schema_editor):
    """A group that already has the name of a role keeps what it may, and gets what the role may."""
    using = schema_editor.connection.alias
    # Django makes permissions after the last migration, which on a new database is too late.
    for label in ("auth", "campaigns", "signatures"):
        app = apps.get_app_config(label)
        module, app.models_module = getattr(app, "models_module", None), True
        create_permissions(app, verbosity=0, interactive=False, using=using, apps=apps)
        app.models_module = module
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for role, names in ROLES.items():
        group, _is_new = groups.get_or_create(name=role)
        for name in names:
            label, _dot, codename = name.partition(".")
            group.permissions.add(permissions.get(content_type__app_label=label, codename=codename))


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0008_retention"),
        ("campaigns", "0004_default_visibility"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
