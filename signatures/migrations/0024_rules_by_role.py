"""Moderators make and end rules, and look at clusters."""

from django.db import migrations

from signatures.migrations import _roles

MODERATOR = [*[f"signatures.{verb}_rule" for verb in ("add", "change", "view")], "signatures.view_cluster"]
ADDED = {"moderator": MODERATOR, "administrator": MODERATOR}


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0023_rules_and_clusters")]

    operations = [migrations.RunPython(add_to_roles, migrations.RunPython.noop)]
