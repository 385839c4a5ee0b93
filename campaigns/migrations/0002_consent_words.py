"""Consent texts hold the words of each choice too, and the database refuses to change one."""

from django.db import migrations, models

REFUSE = """
CREATE FUNCTION campaigns_consent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Consent text % cannot be changed: people have agreed to it. Add a version', OLD.id;
END $$;
CREATE TRIGGER consent_refuse BEFORE UPDATE ON campaigns_consenttext
    FOR EACH ROW EXECUTE FUNCTION campaigns_consent_refuse();
"""

UNDO = """
DROP TRIGGER consent_refuse ON campaigns_consenttext;
DROP FUNCTION campaigns_consent_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="consenttext",
            name="delivered",
            field=models.TextField(db_default="", default="", verbose_name="words for: handed over"),
        ),
        migrations.AddField(
            model_name="consenttext",
            name="news",
            field=models.TextField(db_default="", default="", verbose_name="words for: news"),
        ),
        migrations.AddField(
            model_name="consenttext",
            name="public",
            field=models.TextField(db_default="", default="", verbose_name="words for: shown on the page"),
        ),
        migrations.AddField(
            model_name="consenttext",
            name="secret",
            field=models.TextField(db_default="", default="", verbose_name="words for: counted only"),
        ),
        migrations.RunSQL(REFUSE, UNDO),
    ]
