"""Exports: their form, who approved them and whether they broke off; requests for a second person; and triggers that
let an account be begun and ended, but neither changed nor deleted.

TRUNCATE is not refused: it is for whoever owns the table, who could take the triggers away as well.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

ACCOUNT = """
CREATE FUNCTION signatures_export_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The account of exports is kept: row % of % cannot be deleted', OLD.id, TG_TABLE_NAME;
END $$;

CREATE FUNCTION signatures_export_record_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NOT NULL OR OLD.broken_off_at IS NOT NULL THEN
        RAISE EXCEPTION 'The account of exports is kept: record % has ended', OLD.id;
    END IF;
    IF (NEW.id, NEW.staff_id, NEW.approved_by_id, NEW.campaign_id, NEW.preset, NEW.form, NEW.purpose, NEW.started_at)
        IS DISTINCT FROM
       (OLD.id, OLD.staff_id, OLD.approved_by_id, OLD.campaign_id, OLD.preset, OLD.form, OLD.purpose, OLD.started_at)
    THEN
        RAISE EXCEPTION 'The account of exports is kept: record % can only be ended', OLD.id;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION signatures_export_request_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.taken_at IS NOT NULL THEN
        RAISE EXCEPTION 'The account of exports is kept: request % has ended', OLD.id;
    END IF;
    IF (NEW.id, NEW.staff_id, NEW.campaign_id, NEW.preset, NEW.form, NEW.purpose, NEW.rows, NEW.asked_at)
        IS DISTINCT FROM
       (OLD.id, OLD.staff_id, OLD.campaign_id, OLD.preset, OLD.form, OLD.purpose, OLD.rows, OLD.asked_at)
    OR OLD.decided_at IS NOT NULL AND (NEW.is_approved, NEW.decided_by_id, NEW.decided_at)
        IS DISTINCT FROM (OLD.is_approved, OLD.decided_by_id, OLD.decided_at)
    THEN
        RAISE EXCEPTION 'The account of exports is kept: request % can only be decided once and downloaded', OLD.id;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER export_update BEFORE UPDATE ON signatures_exportrecord
    FOR EACH ROW EXECUTE FUNCTION signatures_export_record_update();
CREATE TRIGGER export_delete BEFORE DELETE ON signatures_exportrecord
    FOR EACH ROW EXECUTE FUNCTION signatures_export_delete();
CREATE TRIGGER export_update BEFORE UPDATE ON signatures_exportrequest
    FOR EACH ROW EXECUTE FUNCTION signatures_export_request_update();
CREATE TRIGGER export_delete BEFORE DELETE ON signatures_exportrequest
    FOR EACH ROW EXECUTE FUNCTION signatures_export_delete();
"""

UNDO = """
DROP TRIGGER export_update ON signatures_exportrecord;
DROP TRIGGER export_delete ON signatures_exportrecord;
DROP TRIGGER export_update ON signatures_exportrequest;
DROP TRIGGER export_delete ON signatures_exportrequest;
DROP FUNCTION signatures_export_record_update();
DROP FUNCTION signatures_export_request_update();
DROP FUNCTION signatures_export_delete();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_default_visibility"),
        ("signatures", "0009_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("preset", models.CharField(max_length=10, verbose_name="preset")),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("comma", "for a spreadsheet, with commas"),
                            ("semicolon", "for a spreadsheet, with semicolons"),
                            ("machine", "for programs, exact; not for Excel"),
                        ],
                        max_length=10,
                        verbose_name="form",
                    ),
                ),
                ("purpose", models.CharField(max_length=200, verbose_name="purpose")),
                ("rows", models.PositiveIntegerField(help_text="When it was asked for.", verbose_name="rows")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked at")),
                ("is_approved", models.BooleanField(null=True, verbose_name="approved")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                ("taken_at", models.DateTimeField(null=True, verbose_name="downloaded at")),
            ],
            options={
                "verbose_name": "request for an export",
                "verbose_name_plural": "requests for exports",
                "ordering": ["-pk"],
            },
        ),
        migrations.AlterModelOptions(
            name="exportrecord",
            options={
                "ordering": ["-pk"],
                "permissions": [("export_numbers", "Can export numbers for each day and country")],
                "verbose_name": "record of an export",
                "verbose_name_plural": "records of exports",
            },
        ),
        migrations.AddField(
            model_name="exportrecord",
            name="approved_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AddField(
            model_name="exportrecord",
            name="broken_off_at",
            field=models.DateTimeField(null=True, verbose_name="broken off at"),
        ),
        migrations.AddField(
            model_name="exportrecord",
            name="form",
            field=models.CharField(
                blank=True,
                choices=[
                    ("comma", "for a spreadsheet, with commas"),
                    ("semicolon", "for a spreadsheet, with semicolons"),
                    ("machine", "for programs, exact; not for Excel"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="form",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_by", models.F("staff")), _negated=True),
                name="export_approved_by_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("finished_at", None), ("broken_off_at", None), _connector="OR"),
                name="export_ends_once",
            ),
        ),
        migrations.AddField(
            model_name="exportrequest",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.campaign",
                verbose_name="campaign",
            ),
        ),
        migrations.AddField(
            model_name="exportrequest",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="exportrequest",
            name="staff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("staff")), _negated=True),
                name="export_decided_by_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("is_approved", None)),
                    models.Q(
                        ("decided_at__isnull", False), ("decided_by__isnull", False), ("is_approved__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="export_decision_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("taken_at", None), ("is_approved", True), _connector="OR"),
                name="export_taken_is_approved",
            ),
        ),
        migrations.RunSQL(ACCOUNT, UNDO),
    ]
