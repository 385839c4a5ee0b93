"""Who takes something back takes it out of the packs that wait to be handed over; and who may make deliveries.

A trigger does it, however a signature comes to be changed, in the transaction that changes it. It only adds rows, and
deletes what nobody else is just deleting, so that nobody who changes a signature waits for another.
"""

from django.db import migrations

from signatures.migrations import _roles

MADE = ["signatures.view_delivery", "signatures.make_delivery"]
ADDED = {"exporter": MADE, "administrator": MADE}

# What a pack says of a signature, and by what it says it at all.
SAID = "{0}.name, {0}.country, {0}.visibility = 'secret', {0}.state, {0}.moderation, {0}.erased_at"

TRIGGER = f"""
SET LOCAL lock_timeout = '5s';

CREATE FUNCTION signatures_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM signatures_deliveredsignature) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(DISTINCT member.delivery_id) INTO touched
    FROM new_rows AS now JOIN old_rows AS was USING (id)
    JOIN signatures_deliveredsignature AS member ON member.signature_id = now.id
    WHERE ({SAID.format("now")}) IS DISTINCT FROM ({SAID.format("was")});
    IF touched IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO signatures_deliverychange (delivery_id) SELECT unnest(touched);
    DELETE FROM signatures_packpiece WHERE id IN (
        SELECT piece.id FROM signatures_packpiece AS piece JOIN signatures_pack AS pack ON pack.id = piece.pack_id
        WHERE pack.delivery_id = ANY (touched) FOR UPDATE OF piece SKIP LOCKED
    );
    WITH erased AS (
        SELECT now.id, now.state FROM new_rows AS now JOIN old_rows AS was USING (id)
        WHERE now.erased_at IS NOT NULL AND was.erased_at IS NULL
    ), told AS (
        INSERT INTO signatures_erasednumber (delivery_id, number)
        SELECT member.delivery_id, member.number
        FROM erased JOIN signatures_deliveredsignature AS member ON member.signature_id = erased.id
        WHERE erased.state = 'withdrawn' AND member.number IS NOT NULL  -- not at the end of a campaign's retention
    )
    UPDATE signatures_deliveredsignature AS member SET number = NULL FROM erased WHERE member.signature_id = erased.id;
    RETURN NULL;
END $$;

CREATE TRIGGER taken_back AFTER UPDATE ON signatures_signature
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_taken_back();
"""

UNDO = """
DROP TRIGGER taken_back ON signatures_signature;
DROP FUNCTION signatures_taken_back();
"""


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [("signatures", "0034_deliveries")]

    operations = [
        migrations.RunSQL(TRIGGER, UNDO),
        migrations.RunPython(add_to_roles, migrations.RunPython.noop),
    ]
