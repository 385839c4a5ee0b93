"""Indexes that retention walks, made without locking the table.

The BRIN index served only a table that nothing is deleted from: the room of old letters is given to new ones, so that
after a month each range of pages spans all times, and a look for old letters would read the whole table.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0005_consent_log")]

    operations = [
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
        RemoveIndexConcurrently(model_name="letter", name="letter_created"),
    ]
