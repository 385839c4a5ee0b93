"""Requests about personal data that came by mail, and the acts with which staff answer them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0016_reading_versions_of_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="retentionrun",
            name="requests_deleted",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="answered requests deleted"),
        ),
        migrations.AlterField(
            model_name="bulkjob",
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
                    ("correct", "correct a name"),
                    ("no_news", "end news"),
                    ("copy", "copy of what is held"),
                    ("resend", "send the letter again"),
                ],
                max_length=8,
                verbose_name="action",
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
                    ("correct", "correct a name"),
                    ("no_news", "end news"),
                    ("copy", "copy of what is held"),
                    ("resend", "send the letter again"),
                ],
                max_length=8,
                verbose_name="action",
            ),
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("erase", "erase"),
                            ("correct", "correct"),
                            ("access", "say what we hold"),
                            ("withdraw", "withdraw"),
                        ],
                        max_length=8,
                        verbose_name="what is asked",
                    ),
                ),
                ("received_on", models.DateField(verbose_name="received on")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("note", models.CharField(max_length=200, verbose_name="how it came")),
                ("found", models.PositiveIntegerField(default=0, verbose_name="signatures found")),
                (
                    "takes_no_letters",
                    models.BooleanField(
                        default=False,
                        help_text="Whether the address is kept as one that gets none.",
                        verbose_name="takes no letters",
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("done", "done"), ("nothing", "nothing held"), ("refused", "refused")],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="Of a refusal.", max_length=200, verbose_name="reason"),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="done by",
                    ),
                ),
                (
                    "signatures",
                    models.ManyToManyField(
                        related_name="privacy_requests", to="signatures.signature", verbose_name="signatures"
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "request about personal data",
                "verbose_name_plural": "requests about personal data",
                "ordering": [models.OrderBy(models.F("done_at"), descending=True, nulls_first=True), "due_on", "pk"],
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("done_by", None), ("outcome", "")),
                            models.Q(
                                ("done_at__isnull", False),
                                ("done_by__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="privacy_request_ends_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "refused"), models.Q(("reason", ""), _negated=True)),
                            models.Q(models.Q(("outcome", "refused"), _negated=True), ("reason", "")),
                            _connector="OR",
                        ),
                        name="privacy_request_refused_with_a_reason",
                    ),
                ],
            },
        ),
    ]
