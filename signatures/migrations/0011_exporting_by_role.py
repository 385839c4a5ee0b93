"""What exporters may besides: numbers, which can also be given to somebody without the right to names, and requests."""

from django.db import migrations

from signatures.migrations import _roles

ADDED = {
    "exporter": ["signatures.export_numbers", "signatures.view_exportrequest"],
    "administrator": ["signatures.export_numbers", "signatures.view_exportrequest"],
}


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0010_exports")]

    operations = [migrations.RunPython(add_to_roles, migrations.RunPython.noop)]
