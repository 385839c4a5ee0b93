"""The outbox keeps why the mail server refused, for staff to read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signatures", "0005_consent_log")]

    operations = [
        migrations.AddField(
            model_name="outbox",
            name="error",
            field=models.CharField(
                db_default="", default="", help_text="The last refusal, without the server's own words.", max_length=100
            ),
        ),
    ]
