"""What moderators see besides: why a signature is doubted, and jobs over many."""

from django.db import migrations

from signatures.migrations import _roles

SEEN = ["signatures.view_doubt", "signatures.view_bulkjob"]
ADDED = {"moderator": SEEN, "administrator": SEEN}


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0014_names_that_are_shown")]

    operations = [migrations.RunPython(add_to_roles, migrations.RunPython.noop)]
