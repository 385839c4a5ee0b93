"""The log of consent only grows, whoever writes to it; and each letter has its campaign.

A row may go with its signature, or once its signature's person is erased: that is looked at when the transaction ends.
"""

import django.db.models.deletion
from django.db import migrations, models

LOG = """
CREATE FUNCTION signatures_consent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The log of consent only grows: row % cannot be changed', OLD.id;
END $$;

CREATE FUNCTION signatures_consent_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM signatures_signature
        WHERE id = OLD.signature_id AND erased_at IS NULL AND state <> 'pending'
    ) THEN
        RAISE EXCEPTION 'The log of consent only grows: row % belongs to a signature that is not erased', OLD.id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER consent_refuse BEFORE UPDATE ON signatures_consentevent
    FOR EACH ROW EXECUTE FUNCTION signatures_consent_refuse();
CREATE CONSTRAINT TRIGGER consent_keep AFTER DELETE ON signatures_consentevent
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION signatures_consent_keep();
"""

UNDO = """
DROP TRIGGER consent_keep ON signatures_consentevent;
DROP TRIGGER consent_refuse ON signatures_consentevent;
DROP FUNCTION signatures_consent_keep();
DROP FUNCTION signatures_consent_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("signatures", "0004_control_indexes")]

    operations = [
        migrations.RunSQL(LOG, UNDO),
        migrations.AlterField(
            model_name="letter",
            name="campaign",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="campaigns.campaign",
                verbose_name="campaign",
            ),
        ),
    ]
