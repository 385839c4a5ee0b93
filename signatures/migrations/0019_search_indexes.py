"""Indexes for the lists and the search of staff, made without locking the table."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models import F, Q

from signatures.migrations._indexes import AddIndexConcurrentlyAnew
from signatures.models.searching import Domain, Folded


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0018_trigrams")]

    operations = [
        AddIndexConcurrentlyAnew("signature", models.Index(fields=["created_at", "id"], name="signature_created")),
        AddIndexConcurrentlyAnew(
            "signature", models.Index(fields=["campaign", "created_at", "id"], name="signature_of_campaign")
        ),
        AddIndexConcurrentlyAnew(
            "signature",
            models.Index(fields=["created_at", "id"], condition=Q(state="withdrawn"), name="signature_withdrawn"),
        ),
        AddIndexConcurrentlyAnew(
            "signature",
            models.Index(
                fields=["moderation", "created_at", "id"], condition=~Q(moderation="clear"), name="signature_moderated"
            ),
        ),
        AddIndexConcurrentlyAnew(
            "signature",
            models.Index(
                fields=["language", "created_at", "id"],
                condition=~Q(language__in=["es", "en"]),
                name="signature_rare_language",
            ),
        ),
        AddIndexConcurrentlyAnew(
            "signature",
            GinIndex(OpClass(Folded("name"), "gin_trgm_ops"), name="signature_name"),
        ),
        AddIndexConcurrentlyAnew(
            "signature",
            models.Index(
                OpClass(Domain("email"), "text_pattern_ops"),
                F("created_at").desc(),
                name="signature_domain",
            ),
        ),
        AddIndexConcurrentlyAnew(
            "letter",
            models.Index(
                fields=["state", "id"], condition=~Q(state__in=["waiting", "sent"]), name="letter_of_rare_state"
            ),
        ),
        AddIndexConcurrentlyAnew(
            "letter",
            models.Index(
                fields=["kind", "id"],
                condition=~Q(kind__in=["confirmation", "receipt", "reminder"]),
                name="letter_of_rare_kind",
            ),
        ),
    ]
