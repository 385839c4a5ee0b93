"""The index by which the signature is found that has been held longest, in place of one by when it was signed."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from signatures.migrations._indexes import AddIndexConcurrentlyAnew


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0025_held_since")]

    operations = [
        AddIndexConcurrentlyAnew(
            model_name="signature",
            index=models.Index(
                Coalesce("held_at", "created_at"),
                F("campaign"),
                include=["held_at", "created_at"],
                condition=Q(("erased_at", None), ("moderation", "held"), Q(("state", "withdrawn"), _negated=True)),
                name="signature_held_since",
            ),
        ),
        RemoveIndexConcurrently(model_name="signature", name="signature_held"),
    ]
