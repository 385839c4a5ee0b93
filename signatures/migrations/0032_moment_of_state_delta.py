import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0031_retractions"),
    ]

    # The triggers leave it to the database, and so does the code before this: it is added beside them, in an instant.
    operations = [
        migrations.AddField(
            model_name="statedelta",
            name="made_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text="The oldest tells how late a fold is.",
            ),
        ),
    ]
