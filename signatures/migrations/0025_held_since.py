"""Since when a signature has been held. Rows that are held already count from when they were signed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signatures", "0024_rules_by_role")]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="held_at",
            field=models.DateTimeField(
                blank=True,
                help_text="The last time. It stays when moderation finds otherwise, so that undoing that loses no waiting.",
                null=True,
                verbose_name="held at",
            ),
        ),
    ]
