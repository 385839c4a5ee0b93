"""What a campaign may choose beforehand in the sign box."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_consent_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="default_visibility",
            field=models.CharField(
                blank=True,
                choices=[("delivered", "name and country handed over"), ("secret", "counted only")],
                db_default="",
                help_text="In the sign box. Empty: everybody chooses for themselves, as the law on consent would have it.",
                max_length=9,
                verbose_name="visibility chosen beforehand",
            ),
        ),
    ]
