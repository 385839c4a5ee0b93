"""The triggers of migration 0002 also keep account of states and languages, in rows of their own.

The functions are changed behind a lock that waits until every statement under the old ones is over, and that is held
for the moment of the change only: from its commit on each change of a signature is accounted for. What was there before
is counted by the next migration, without a lock. Where the lock cannot be had in five seconds, nothing happens and the
migration can be run again.
"""

from importlib import import_module

from django.db import migrations

COUNTED = "state = 'confirmed' AND moderation = 'clear'"
COUNT = "INSERT INTO signatures_countdelta (campaign_id, country, hour, n)"
STATE = "INSERT INTO signatures_statedelta (campaign_id, state, moderation, language, n)"
GROUP = "campaign_id, state, moderation, language"
HOUR = "date_trunc('hour', statement_timestamp(), 'UTC')"

LOCK = """
SET LOCAL lock_timeout = '5s';
LOCK TABLE signatures_signature IN SHARE ROW EXCLUSIVE MODE;
"""

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION signatures_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {COUNT}
    SELECT campaign_id, country, {HOUR}, count(*) FROM new_rows WHERE {COUNTED} GROUP BY campaign_id, country;
    {STATE}
    SELECT {GROUP}, count(*) FROM new_rows GROUP BY {GROUP};
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION signatures_count_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {COUNT}
    SELECT campaign_id, country, {HOUR}, sum(n)
    FROM (
        SELECT campaign_id, country, 1 AS n FROM new_rows WHERE {COUNTED}
        UNION ALL
        SELECT campaign_id, country, -1 FROM old_rows WHERE {COUNTED}
    ) AS changes
    GROUP BY campaign_id, country HAVING sum(n) <> 0;
    {STATE}
    SELECT {GROUP}, sum(n)
    FROM (
        SELECT {GROUP}, 1 AS n FROM new_rows
        UNION ALL
        SELECT {GROUP}, -1 FROM old_rows
    ) AS changes
    GROUP BY {GROUP} HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION signatures_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {COUNT}
    SELECT campaign_id, country, {HOUR}, -count(*) FROM old_rows WHERE {COUNTED} GROUP BY campaign_id, country;
    {STATE}
    SELECT {GROUP}, -count(*) FROM old_rows GROUP BY {GROUP};
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION signatures_count_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {COUNT}
    SELECT campaign_id, country, {HOUR}, -count(*) FROM signatures_signature WHERE {COUNTED}
    GROUP BY campaign_id, country;
    {STATE}
    SELECT {GROUP}, -count(*) FROM signatures_signature GROUP BY {GROUP};
    RETURN NULL;
END $$;
"""

BEFORE = import_module("signatures.migrations.0002_count_triggers").FUNCTIONS
UNDO = BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("signatures", "0020_start_page")]

    operations = [migrations.RunSQL(LOCK + FUNCTIONS, UNDO)]
