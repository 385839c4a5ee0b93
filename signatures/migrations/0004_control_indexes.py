"""Indexes and a constraint on tables that may be large and in use, made without locking them; and what the new columns
hold for rows that were there before."""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

LETTERS = """
UPDATE signatures_letter AS letter
SET campaign_id = signature.campaign_id, language = signature.language, fingerprint = signature.fingerprint,
    priority = CASE letter.kind WHEN 'confirmation' THEN 0 ELSE 1 END
FROM signatures_signature AS signature
WHERE signature.id = letter.signature_id AND letter.campaign_id IS NULL
"""

EVENTS = """
INSERT INTO signatures_consentevent (signature_id, kind, consent_id, visibility, at)
SELECT id, kind, consent_id, visibility, at
FROM signatures_signature
CROSS JOIN LATERAL (
    VALUES ('ticked', created_at), ('confirmed', confirmed_at), ('withdrawn', withdrawn_at)
) AS event (kind, at)
WHERE at IS NOT NULL AND erased_at IS NULL
ORDER BY at
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0003_control")]

    operations = [
        migrations.RemoveConstraint(
            model_name="signature",
            name="pending_has_its_fingerprint",
        ),
        RemoveIndexConcurrently(
            model_name="letter",
            name="letter_waiting",
        ),
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["priority", "due_at"], name="letter_due"
            ),
        ),
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(fields=["campaign", "fingerprint"], name="letter_address"),
        ),
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("needs_reminder", True), ("state", "sent")),
                fields=["sent_at"],
                name="letter_unanswered",
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["created_at"], name="signature_pending"
            ),
        ),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(("erased_at", None), ("fingerprint", None), _negated=True),
                name="only_the_erased_have_no_fingerprint",
            ),
        ),
        ValidateConstraint("signature", "only_the_erased_have_no_fingerprint"),
        migrations.RunSQL(LETTERS, migrations.RunSQL.noop),
        migrations.RunSQL(EVENTS, migrations.RunSQL.noop),
    ]
