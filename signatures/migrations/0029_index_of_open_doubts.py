"""Open doubts by their kind, in place of all of them: a crowd leaves very many that the queue does not show."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from signatures.migrations._indexes import AddIndexConcurrentlyAnew


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0028_kinds_of_doubts")]

    operations = [
        AddIndexConcurrentlyAnew(
            model_name="doubt",
            index=models.Index(
                fields=["kind", "signature"], condition=models.Q(("settled_at", None)), name="doubt_open_kind"
            ),
        ),
        RemoveIndexConcurrently(model_name="doubt", name="doubt_open"),
    ]
