"""Triggers that keep the account of the count: whatever changes a signature's row, and however, writes what it did.

They run once per statement over its transition tables, so that a rejection of a hundred thousand rows writes one line
per campaign and country. A TRUNCATE has no transition tables: its trigger looks before it happens.
"""

from django.db import migrations

COUNTED = "state = 'confirmed' AND moderation = 'clear'"
DELTA = "INSERT INTO signatures_countdelta (campaign_id, country, hour, n)"
HOUR = "date_trunc('hour', statement_timestamp(), 'UTC')"

FUNCTIONS = f"""
CREATE FUNCTION signatures_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {DELTA}
    SELECT campaign_id, country, {HOUR}, count(*) FROM new_rows WHERE {COUNTED} GROUP BY campaign_id, country;
    RETURN NULL;
END $$;

CREATE FUNCTION signatures_count_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {DELTA}
    SELECT campaign_id, country, {HOUR}, sum(n)
    FROM (
        SELECT campaign_id, country, 1 AS n FROM new_rows WHERE {COUNTED}
        UNION ALL
        SELECT campaign_id, country, -1 FROM old_rows WHERE {COUNTED}
    ) AS changes
    GROUP BY campaign_id, country HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION signatures_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {DELTA}
    SELECT campaign_id, country, {HOUR}, -count(*) FROM old_rows WHERE {COUNTED} GROUP BY campaign_id, country;
    RETURN NULL;
END $$;

CREATE FUNCTION signatures_count_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {DELTA}
    SELECT campaign_id, country, {HOUR}, -count(*) FROM signatures_signature WHERE {COUNTED}
    GROUP BY campaign_id, country;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER count_insert AFTER INSERT ON signatures_signature
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_count_insert();
CREATE TRIGGER count_update AFTER UPDATE ON signatures_signature
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_count_update();
CREATE TRIGGER count_delete AFTER DELETE ON signatures_signature
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_count_delete();
CREATE TRIGGER count_truncate BEFORE TRUNCATE ON signatures_signature
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_count_truncate();
"""

UNDO = "".join(
    f"DROP TRIGGER count_{event} ON signatures_signature; DROP FUNCTION signatures_count_{event}();"
    for event in ("insert", "update", "delete", "truncate")
)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO)]
