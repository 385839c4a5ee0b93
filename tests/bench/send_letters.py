"""Run as a script beside a site's settings: fills its outbox, empties it, or sends as many letters of Django's own.

    python -m tests.bench.send_letters fill 5000
    python -m tests.bench.send_letters ours
    python -m tests.bench.send_letters djangos 5000

The last two print how many letters went out and in how many seconds, the start of the process left out.
"""

import json
import os
import sys
from time import perf_counter

import django

# Attempts as `services.sign` leaves them, and their letters as `outbox.write` does, of invented people.
FILL = """
WITH attempts AS (
    INSERT INTO signatures_signature (
        campaign_id, consent_id, state, moderation, moderation_reason, visibility, name, email, country,
        language, wants_updates, fingerprint, created_at
    )
    SELECT %(campaign)s, CASE n %% 2 WHEN 0 THEN %(en)s ELSE %(es)s END, 'pending', 'clear', '', 'delivered',
        'Person ' || n, 'person' || n || '.' || %(run)s || '@example.org', 'PE',
        CASE n %% 2 WHEN 0 THEN 'en' ELSE 'es' END, false, sha256((n || %(run)s)::bytea), now()
    FROM generate_series(1, %(n)s) AS n
    RETURNING id, campaign_id, language, email, fingerprint
)
INSERT INTO signatures_letter (
    signature_id, campaign_id, language, kind, state, priority, "to", fingerprint, created_at, due_at, attempts,
    needs_reminder, error
)
SELECT id, campaign_id, language, 'confirmation', 'waiting', 0, email, fingerprint, now(), now(), 0, true, ''
FROM attempts
"""


def fill(n: int) -> None:
    from django.db import connection

    from campaigns.models import Campaign, ConsentText

    campaign = Campaign.objects.get()
    consents = {}
    for language in ("en", "es"):
        consent = ConsentText.objects.current(campaign, language)
        assert consent is not None
        consents[language] = consent.pk
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"campaign": campaign.pk, "n": n, "run": os.urandom(4).hex(), **consents})
        cursor.execute("VACUUM ANALYZE signatures_letter, signatures_signature")


def ours() -> tuple[int, float]:
    from signatures import letters

    begin = perf_counter()
    sent = letters.send_due(seconds=600)
    return sent, perf_counter() - begin


def djangos(n: int) -> tuple[int, float]:
    """A message of Django's for each letter, its words there already, over one open connection."""
    from django.core.mail import EmailMultiAlternatives, get_connection

    from signatures import emails
    from signatures.models import Letter

    (letter,) = emails.fetch(Letter.objects.filter(kind=Letter.Kind.CONFIRMATION).order_by("-pk")[:1])
    model = emails.write(letter)
    (html,) = (alternative.content for alternative in model.alternatives)
    begin = perf_counter()
    with get_connection() as smtp:
        for number in range(n):
            message = EmailMultiAlternatives(
                subject=model.subject,
                body=model.body,
                from_email=model.from_email,
                to=[f"person{number}@example.org"],
                headers={"Message-ID": f"<{number:032x}@example.org>", "Auto-Submitted": "auto-generated"},
                connection=smtp,
            )
            message.attach_alternative(html, "text/html")
            message.send()
    return n, perf_counter() - begin


def main(what: str, *numbers: str) -> None:
    if what == "fill":
        fill(int(numbers[0]))
        return
    sent, seconds = ours() if what == "ours" else djangos(int(numbers[0]))
    sys.stdout.write(json.dumps({"sent": sent, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    django.setup()
    main(*sys.argv[1:])
