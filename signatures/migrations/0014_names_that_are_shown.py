"""The index of the names on the page leaves out those that staff have hidden; made without locking the table."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from signatures.migrations._indexes import AddIndexConcurrentlyAnew


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0013_moderating_many")]

    operations = [
        AddIndexConcurrentlyAnew(
            model_name="signature",
            index=models.Index(
                condition=models.Q(state="confirmed", moderation="clear", visibility="public", is_name_hidden=False),
                fields=["campaign", "-confirmed_at"],
                name="signature_shown",
            ),
        ),
        RemoveIndexConcurrently(model_name="signature", name="signature_on_page"),
    ]
