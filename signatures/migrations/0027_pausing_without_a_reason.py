from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signatures", "0026_index_of_held")]

    operations = [
        migrations.AlterField(
            model_name="pauseact",
            name="reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason"),
        ),
    ]
