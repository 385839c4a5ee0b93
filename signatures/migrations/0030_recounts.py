import django.utils.timezone
from django.db import migrations, models

from signatures.migrations import _roles

ADDED = {"administrator": ["signatures.view_recount"]}


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0029_index_of_open_doubts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                ("seconds", models.FloatField(verbose_name="seconds")),
                ("how_many", models.PositiveIntegerField(verbose_name="wrong sums")),
                ("differences", models.JSONField(default=list, verbose_name="differences")),
            ],
            options={
                "verbose_name": "recount",
                "verbose_name_plural": "recounts",
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["at"], name="recount_at")],
            },
        ),
        migrations.RunPython(add_to_roles, migrations.RunPython.noop),
    ]
