"""Whoever writes a campaign's words may read the versions of them that were published."""

from django.db import migrations

from signatures.migrations import _roles

ADDED = {
    "campaign editor": ["campaigns.view_textversion"],
    "administrator": ["campaigns.view_textversion"],
}


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0015_moderating_by_role"), ("campaigns", "0005_drafts_and_versions")]

    operations = [migrations.RunPython(add_to_roles, migrations.RunPython.noop)]
