"""Staff withdraw and erase for signers who ask them to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0006_outbox"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="signature",
            options={
                "permissions": [
                    ("moderate_signature", "Can hold, release and reject signatures"),
                    ("export_signature", "Can export signatures"),
                    ("erase_signature", "Can withdraw and erase signatures whose signers ask for it"),
                ],
                "verbose_name": "signature",
                "verbose_name_plural": "signatures",
            },
        ),
        migrations.AlterField(
            model_name="moderationact",
            name="action",
            field=models.CharField(
                choices=[
                    ("hold", "hold"),
                    ("release", "release"),
                    ("reject", "reject"),
                    ("withdraw", "withdraw"),
                    ("erase", "erase"),
                ],
                max_length=8,
                verbose_name="action",
            ),
        ),
    ]
