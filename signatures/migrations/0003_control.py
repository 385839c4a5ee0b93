"""The signer in control: consent events, letters of more kinds, suppression, network hashes, retention's record."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_consent_words"),
        ("signatures", "0002_count_triggers"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressKey",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("fingerprint", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="ConsentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ticked", "agreed when signing"),
                            ("confirmed", "confirmed by email"),
                            ("disclosure", "changed who sees the name"),
                            ("news_on", "asked for news"),
                            ("news_off", "no more news"),
                            ("withdrawn", "withdrew the signature"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("secret", "counted only"),
                            ("delivered", "name and country handed over"),
                            ("public", "handed over and shown on the page"),
                        ],
                        max_length=9,
                        verbose_name="visibility",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
            ],
            options={
                "verbose_name": "consent event",
                "verbose_name_plural": "consent events",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="DaySalt",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("salt", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Origin",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="origin",
                        serialize=False,
                        to="signatures.signature",
                    ),
                ),
                ("day", models.DateField()),
                ("address", models.BinaryField(help_text="Of the network address.", max_length=16)),
                ("network", models.BinaryField(help_text="Of its /24 or /48.", max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("paused_until", models.DateTimeField(null=True)),
                (
                    "refusals",
                    models.PositiveSmallIntegerField(default=0, help_text="By the mail server, one after the other."),
                ),
                ("minute", models.DateTimeField(null=True)),
                (
                    "taken",
                    models.PositiveIntegerField(default=0, help_text="Letters taken for sending in that minute."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False, verbose_name="day")),
                ("last_run_at", models.DateTimeField(verbose_name="last run")),
                (
                    "pending_deleted",
                    models.PositiveIntegerField(default=0, verbose_name="unconfirmed signatures deleted"),
                ),
                (
                    "people_erased",
                    models.PositiveIntegerField(default=0, verbose_name="people erased after a campaign’s end"),
                ),
                ("origins_deleted", models.PositiveIntegerField(default=0, verbose_name="network hashes deleted")),
                ("salts_destroyed", models.PositiveIntegerField(default=0, verbose_name="salts destroyed")),
                ("letters_deleted", models.PositiveIntegerField(default=0, verbose_name="letters deleted")),
            ],
            options={
                "verbose_name": "retention",
                "verbose_name_plural": "retention",
                "ordering": ["-day"],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.BinaryField(max_length=32)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounced", "a letter was refused for good"),
                            ("asked", "asked us never to write again"),
                            ("unsubscribed", "wants only letters that were just asked for"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="since")),
            ],
            options={
                "verbose_name": "suppressed address",
                "verbose_name_plural": "suppressed addresses",
            },
        ),
        migrations.AddField(
            model_name="letter",
            name="campaign",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="campaigns.campaign",
                verbose_name="campaign",
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="details",
            field=models.JSONField(
                db_default={}, default=dict, help_text="What its words need beyond the signature; emptied when sent."
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="fingerprint",
            field=models.BinaryField(
                help_text="Of the address, as in `Signature`: what the caps count by.", max_length=32, null=True
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="language",
            field=models.CharField(db_default="", max_length=12, verbose_name="language"),
        ),
        migrations.AddField(
            model_name="letter",
            name="needs_reminder",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Nobody has looked yet whether it was answered."
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="priority",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="signature",
            name="code_tries",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="Codes typed for it, right or wrong."
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="link_generation",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="Links to the signer's page are made for one generation; another address begins a new one.",
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirmation", "confirmation"),
                    ("already_signed", "signed already"),
                    ("reminder", "reminder"),
                    ("receipt", "receipt"),
                    ("page_link", "link to one’s signature"),
                    ("address_change", "change of address"),
                    ("erased", "erasure done"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="signature",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="letters",
                to="signatures.signature",
                verbose_name="signature",
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("sent", "sent"),
                    ("failed", "failed"),
                    ("capped", "not sent: too many letters to this address"),
                    ("suppressed", "not sent: this address takes no letters"),
                    ("nobody", "not sent: nobody has signed with this address"),
                ],
                default="waiting",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="addresskey",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="one_address_key"),
        ),
        migrations.AddField(
            model_name="consentevent",
            name="consent",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.consenttext",
                verbose_name="text",
            ),
        ),
        migrations.AddField(
            model_name="consentevent",
            name="signature",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="consent_events",
                to="signatures.signature",
                verbose_name="signature",
            ),
        ),
        migrations.AddIndex(
            model_name="origin",
            index=models.Index(fields=["day"], name="origin_day"),
        ),
        migrations.AddIndex(
            model_name="origin",
            index=models.Index(fields=["network"], name="origin_network"),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="one_outbox"),
        ),
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(
                fields=("fingerprint", "reason"), name="one_suppression_per_address_and_reason"
            ),
        ),
    ]
