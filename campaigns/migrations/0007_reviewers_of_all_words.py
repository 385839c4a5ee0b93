"""The words beside the reviewer's field say when the name goes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0006_versions_stay"),
    ]

    operations = [
        migrations.AlterField(
            model_name="campaigntext",
            name="reviewer",
            field=models.CharField(
                blank=True,
                help_text="Who has read these words; a translation, beside the source text. When the words change, the name goes: they have to be read again.",
                max_length=100,
                verbose_name="reviewer",
            ),
        ),
    ]
