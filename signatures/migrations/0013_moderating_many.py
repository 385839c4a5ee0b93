"""Jobs over many signatures, hidden names, and what undoing needs to know."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_default_visibility"),
        ("signatures", "0012_doubts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
        ),
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("hold", "hold"),
                            ("release", "release"),
                            ("reject", "reject"),
                            ("restore", "restore"),
                            ("hide", "hide the name"),
                            ("show", "show the name again"),
                            ("undo", "undo"),
                            ("withdraw", "withdraw"),
                            ("erase", "erase"),
                        ],
                        max_length=8,
                        verbose_name="action",
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("is_note_for_signer", models.BooleanField(default=False, verbose_name="signers can read the note")),
                (
                    "matched",
                    models.CharField(
                        blank=True,
                        help_text="Those of the list, without what was typed of a person.",
                        max_length=500,
                        verbose_name="filters",
                    ),
                ),
                ("how_many", models.PositiveIntegerField(default=0, verbose_name="how many")),
                (
                    "counted",
                    models.PositiveIntegerField(
                        default=0, help_text="When it was prepared.", verbose_name="of them counted"
                    ),
                ),
                ("looked_at", models.PositiveIntegerField(default=0, help_text="Of the frozen set, while it runs.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "prepared"),
                            ("waiting", "waiting for a second person"),
                            ("refused", "refused by a second person"),
                            ("running", "running"),
                            ("done", "done"),
                            ("cancelled", "cancelled"),
                            ("undoing", "being undone"),
                            ("undone", "undone"),
                        ],
                        default="prepared",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="prepared at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "undo_cursor",
                    models.BigIntegerField(default=0, help_text="The last `ModeratedSignature` that was looked at."),
                ),
            ],
            options={
                "verbose_name": "job over many signatures",
                "verbose_name_plural": "jobs over many signatures",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="QueuedSignature",
            fields=[],
            options={
                "verbose_name": "signature to look at",
                "verbose_name_plural": "queue: signatures to look at",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("signatures.signature",),
        ),
        migrations.AddField(
            model_name="doubt",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="signatures.moderationact",
                verbose_name="settled by",
            ),
        ),
        migrations.AddField(
            model_name="moderatedsignature",
            name="reason_before",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="moderatedsignature",
            name="was_hidden",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="moderationact",
            name="note",
            field=models.CharField(blank=True, db_default="", max_length=200, verbose_name="note"),
        ),
        migrations.AddField(
            model_name="signature",
            name="is_name_hidden",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="By staff: the page does not show it, whatever the signer chose.",
                verbose_name="name hidden",
            ),
        ),
        migrations.AlterField(
            model_name="moderationact",
            name="action",
            field=models.CharField(
                choices=[
                    ("hold", "hold"),
                    ("release", "release"),
                    ("reject", "reject"),
                    ("restore", "restore"),
                    ("hide", "hide the name"),
                    ("show", "show the name again"),
                    ("undo", "undo"),
                    ("withdraw", "withdraw"),
                    ("erase", "erase"),
                ],
                max_length=8,
                verbose_name="action",
            ),
        ),
        migrations.AlterField(
            model_name="moderationact",
            name="reason",
            field=models.CharField(
                help_text="A fixed one (reasons.py), or in staff's words.", max_length=200, verbose_name="reason"
            ),
        ),
        migrations.AddField(
            model_name="bulkjob",
            name="act",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="signatures.moderationact",
                verbose_name="act",
            ),
        ),
        migrations.AddField(
            model_name="bulkjob",
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
            model_name="bulkjob",
            name="staff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AddField(
            model_name="bulkjob",
            name="undo_act",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="signatures.moderationact",
                verbose_name="undo",
            ),
        ),
        migrations.AddField(
            model_name="bulkbatch",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="batches",
                to="signatures.bulkjob",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("staff")), _negated=True),
                name="bulk_job_decided_by_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkbatch",
            constraint=models.UniqueConstraint(fields=("job", "number"), name="one_bulk_batch_per_number"),
        ),
    ]
