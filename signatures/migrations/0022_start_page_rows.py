"""Indexes for the start page, made without locking; and states and languages of the signatures that were there before.

What is missing from the tally is what the table has, less what triggers have written and what is folded already. One
statement sees all three as of one moment, so that signing and folding may go on, and running it again adds nothing.
"""

from django.db import migrations, models

from signatures.migrations._indexes import AddIndexConcurrentlyAnew

STATES = """
INSERT INTO signatures_statetally (campaign_id, state, moderation, language, n)
SELECT campaign_id, state, moderation, language, sum(n)
FROM (
    SELECT campaign_id, state, moderation, language, count(*) AS n FROM signatures_signature
    GROUP BY campaign_id, state, moderation, language
    UNION ALL
    SELECT campaign_id, state, moderation, language, -n FROM signatures_statedelta
    UNION ALL
    SELECT campaign_id, state, moderation, language, -n FROM signatures_statetally
) AS missing
GROUP BY campaign_id, state, moderation, language HAVING sum(n) <> 0
ON CONFLICT (campaign_id, state, moderation, language) DO UPDATE SET n = signatures_statetally.n + excluded.n
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatures", "0021_state_triggers")]

    operations = [
        AddIndexConcurrentlyAnew(
            model_name="letter",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["created_at"], name="letter_failed"),
        ),
        AddIndexConcurrentlyAnew(
            model_name="signature",
            index=models.Index(
                condition=models.Q(
                    ("erased_at", None), ("moderation", "held"), models.Q(("state", "withdrawn"), _negated=True)
                ),
                fields=["created_at", "campaign"],
                name="signature_held",
            ),
        ),
        migrations.RunSQL(STATES, migrations.RunSQL.noop),
    ]
