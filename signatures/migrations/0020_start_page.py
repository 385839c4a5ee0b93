"""What the start page needs: sums by hour, by country, by state and language and by provider; pauses; alarms.

Sums by hour and by country are kept by triggers on the tally, and filled from it in the same transaction: folding waits
for that, signing does not.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from signatures.migrations import _roles

# A statement that inserts and updates at once (ON CONFLICT) fires both triggers, each with its own rows.
TALLIES = """
CREATE FUNCTION signatures_tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO signatures_hourtally (campaign_id, hour, n)
    SELECT campaign_id, hour, sum(n) FROM new_rows GROUP BY campaign_id, hour
    ON CONFLICT (campaign_id, hour) DO UPDATE SET n = signatures_hourtally.n + excluded.n;
    INSERT INTO signatures_countrytally (campaign_id, country, n)
    SELECT campaign_id, country, sum(n) FROM new_rows GROUP BY campaign_id, country
    ON CONFLICT (campaign_id, country) DO UPDATE SET n = signatures_countrytally.n + excluded.n;
    RETURN NULL;
END $$;

CREATE FUNCTION signatures_tally_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO signatures_hourtally (campaign_id, hour, n)
    SELECT campaign_id, hour, sum(n) FROM (
        SELECT campaign_id, hour, n FROM new_rows UNION ALL SELECT campaign_id, hour, -n FROM old_rows
    ) AS changes
    GROUP BY campaign_id, hour
    ON CONFLICT (campaign_id, hour) DO UPDATE SET n = signatures_hourtally.n + excluded.n;
    INSERT INTO signatures_countrytally (campaign_id, country, n)
    SELECT campaign_id, country, sum(n) FROM (
        SELECT campaign_id, country, n FROM new_rows UNION ALL SELECT campaign_id, country, -n FROM old_rows
    ) AS changes
    GROUP BY campaign_id, country
    ON CONFLICT (campaign_id, country) DO UPDATE SET n = signatures_countrytally.n + excluded.n;
    RETURN NULL;
END $$;

CREATE TRIGGER tally_insert AFTER INSERT ON signatures_tally
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_tally_insert();
CREATE TRIGGER tally_update AFTER UPDATE ON signatures_tally
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION signatures_tally_update();

INSERT INTO signatures_hourtally (campaign_id, hour, n)
SELECT campaign_id, hour, sum(n) FROM signatures_tally GROUP BY campaign_id, hour;
INSERT INTO signatures_countrytally (campaign_id, country, n)
SELECT campaign_id, country, sum(n) FROM signatures_tally GROUP BY campaign_id, country;
"""

UNDO_TALLIES = """
DROP TRIGGER tally_insert ON signatures_tally; DROP FUNCTION signatures_tally_insert();
DROP TRIGGER tally_update ON signatures_tally; DROP FUNCTION signatures_tally_update();
"""

PAUSES = """
CREATE FUNCTION signatures_pause_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The account of pauses is kept: row % cannot be changed or deleted', OLD.id;
END $$;

CREATE TRIGGER pause_kept BEFORE UPDATE OR DELETE ON signatures_pauseact
    FOR EACH ROW EXECUTE FUNCTION signatures_pause_kept();
"""

UNDO_PAUSES = "DROP TRIGGER pause_kept ON signatures_pauseact; DROP FUNCTION signatures_pause_kept();"

# Whoever handles names can stop them from leaving; that it is safe again is for one who answers for the site.
ADDED = {
    "moderator": ["signatures.pause_site", "signatures.view_pauseact"],
    "exporter": ["signatures.pause_site", "signatures.view_pauseact"],
    "administrator": ["signatures.pause_site", "signatures.resume_site", "signatures.view_pauseact"],
}


def add_to_roles(apps, schema_editor):
    _roles.add(apps, schema_editor, ADDED)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_default_visibility"),
        ("signatures", "0019_search_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("kind", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("day", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="CountryTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(max_length=2)),
                ("n", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="FunnelDelta",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("provider", models.CharField(max_length=8)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("sent", "sent"),
                            ("confirmed", "confirmed"),
                            ("bounced", "bounced"),
                            ("expired", "expired"),
                        ],
                        max_length=9,
                    ),
                ),
                ("n", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="FunnelTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("provider", models.CharField(max_length=8)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("sent", "sent"),
                            ("confirmed", "confirmed"),
                            ("bounced", "bounced"),
                            ("expired", "expired"),
                        ],
                        max_length=9,
                    ),
                ),
                ("n", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="HourTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("n", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="PauseAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[("pause", "pause"), ("resume", "resume")], max_length=6, verbose_name="action"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
            ],
            options={
                "verbose_name": "pause of the site",
                "verbose_name_plural": "pauses of the site",
                "ordering": ["-pk"],
                "permissions": [
                    ("pause_site", "Can pause exports and public names"),
                    ("resume_site", "Can end a pause of exports and public names"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StateDelta",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=9)),
                ("moderation", models.CharField(max_length=8)),
                ("language", models.CharField(max_length=12)),
                ("n", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="StateTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting for confirmation"),
                            ("confirmed", "confirmed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "moderation",
                    models.CharField(
                        choices=[("clear", "clear"), ("held", "held"), ("rejected", "rejected")], max_length=8
                    ),
                ),
                ("language", models.CharField(max_length=12)),
                ("n", models.IntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="countrytally",
            name="campaign",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"
            ),
        ),
        migrations.AddField(
            model_name="funneldelta",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaigns.campaign",
            ),
        ),
        migrations.AddField(
            model_name="funneltally",
            name="campaign",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"
            ),
        ),
        migrations.AddField(
            model_name="hourtally",
            name="campaign",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"
            ),
        ),
        migrations.AddField(
            model_name="pauseact",
            name="staff",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AddField(
            model_name="statedelta",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaigns.campaign",
            ),
        ),
        migrations.AddField(
            model_name="statetally",
            name="campaign",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"
            ),
        ),
        migrations.AddConstraint(
            model_name="countrytally",
            constraint=models.UniqueConstraint(fields=("campaign", "country"), name="one_tally_per_campaign_country"),
        ),
        migrations.AddConstraint(
            model_name="funneltally",
            constraint=models.UniqueConstraint(
                fields=("campaign", "day", "provider", "step"), name="one_tally_per_funnel_step"
            ),
        ),
        migrations.AddConstraint(
            model_name="hourtally",
            constraint=models.UniqueConstraint(fields=("campaign", "hour"), name="one_tally_per_campaign_hour"),
        ),
        migrations.AddConstraint(
            model_name="statetally",
            constraint=models.UniqueConstraint(
                fields=("campaign", "state", "moderation", "language"), name="one_tally_per_campaign_state_language"
            ),
        ),
        migrations.RunSQL(TALLIES, UNDO_TALLIES),
        migrations.RunSQL(PAUSES, UNDO_PAUSES),
        migrations.RunPython(add_to_roles, migrations.RunPython.noop),
    ]
