"""Indexes that retention walks, made without locking the table, and one more number in its record.

B-trees, not BRIN: the room of old letters is given to new ones, so that after a month each range of pages spans all
times, and a look for old letters would read the whole table.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0007_erasing_by_staff")]

    operations = [
        migrations.AddField(
            model_name="retentionrun",
            name="suppressions_deleted",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="refusals forgotten"),
        ),
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("state", "waiting"), _negated=True), fields=["created_at"], name="letter_over"
            ),
        ),
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(condition=models.Q(("signature", None)), fields=["created_at"], name="letter_loose"),
        ),
    ]
