"""The database keeps each version of the words; words published before versions were kept have their best date.

Of such words the date is only known to be that of 0005_drafts_and_versions, which their first version would take over.
The best there is instead: once the campaign opened and its consent text in that language was there, the later of the
two; where neither is known, or it is still to come, the date stays. The campaign's row cannot go while a version is
there, so that no version goes with it.
"""

from django.db import migrations

REFUSE = """
CREATE OR REPLACE FUNCTION campaigns_version_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Version % of the words cannot be changed or deleted: people have signed it. Add a version', OLD.id;
END $$;
CREATE OR REPLACE TRIGGER version_refuse BEFORE UPDATE OR DELETE ON campaigns_textversion
    FOR EACH ROW EXECUTE FUNCTION campaigns_version_refuse();
"""
# The function's words stay: they are true of an update too.
UNDO = """
CREATE OR REPLACE TRIGGER version_refuse BEFORE UPDATE ON campaigns_textversion
    FOR EACH ROW EXECUTE FUNCTION campaigns_version_refuse();
"""

# GREATEST and LEAST leave out what is NULL.
DATE = """
UPDATE campaigns_campaigntext AS text
SET published_at = LEAST(text.published_at, GREATEST(campaign.opens_at, (
    SELECT min(consent.created_at) FROM campaigns_consenttext AS consent
    WHERE consent.campaign_id = text.campaign_id AND consent.language = text.language
)))
FROM campaigns_campaign AS campaign
WHERE campaign.id = text.campaign_id AND text.published_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM campaigns_textversion AS version
    WHERE version.campaign_id = text.campaign_id AND version.language = text.language
)
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_drafts_and_versions")]

    operations = [
        migrations.RunSQL(REFUSE, UNDO),
        migrations.RunSQL(DATE, migrations.RunSQL.noop),
    ]
