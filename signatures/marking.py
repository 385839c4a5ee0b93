"""What the database is told between two letters: that one has gone, and that the next is about to go."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from signatures import funnel
from signatures.models import Letter

# One statement, and so one round trip and one wait for the disk, where a letter would take three of each.
# `following` reads `sent` so that it comes after it, and waits for nobody: whoever deletes both letters at this moment
# may hold the one and want the other. A letter that somebody else has in hand is passed over.
PROCEED = """
WITH sent AS (
    UPDATE signatures_letter
    SET state = 'sent', sent_at = statement_timestamp(), "to" = '', details = '{}', lease = NULL, error = ''
    WHERE id = %(sent)s AND state = 'waiting' AND lease = %(lease)s
    RETURNING campaign_id
), counted AS (
    INSERT INTO signatures_funneldelta (campaign_id, day, provider, step, n)
    SELECT campaign_id, %(day)s, %(provider)s, 'sent', 1 FROM sent WHERE %(is_first)s
), following AS (
    SELECT id FROM signatures_letter
    WHERE id = %(following)s AND state = 'waiting' AND lease = %(lease)s
        AND NOT EXISTS (SELECT FROM signatures_outbox WHERE paused_until > statement_timestamp())
        AND (SELECT count(*) FROM sent) < 2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE signatures_letter AS letter SET due_at = statement_timestamp() + %(term)s
FROM following WHERE letter.id = following.id
RETURNING letter.id
"""


def proceed(lease: UUID, term: timedelta, *, sent: Letter | None, following: Letter | None) -> bool:
    """Marks the letter that was sent, counts it in the funnel where it is the first of an attempt, and forgets its
    address. Answers whether the next one is still under the lease, and nobody has begun a pause; if so, it is for a
    term from now. When this returns, all of it is on the disk.
    """
    values: dict[str, Any] = {
        "lease": lease,
        "term": term,
        "sent": sent and sent.pk,
        "following": following and following.pk,
        "day": timezone.localdate(),
        "provider": funnel.provider_of(sent.to if sent else ""),
        "is_first": sent is not None and sent.is_first,  # type: ignore[attr-defined]  # letters.claim
    }
    with connection.cursor() as cursor:
        cursor.execute(PROCEED, values)
        return cursor.fetchone() is not None
