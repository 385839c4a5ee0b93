"""Words are drafted and published, each version is kept, running text is Markdown, and goals have steps of their own."""

import hashlib
from contextlib import suppress

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.core.exceptions import ValidationError
from django.db import migrations, models
from django.db.models import F

import campaigns.goals
from campaigns import markdown, structure

# A process of the release before may still be running: it goes on writing the column, which goes in a later release.
FORGET_DIGEST = "ALTER TABLE campaigns_campaigntext ALTER COLUMN source_digest SET DEFAULT ''"
KEEP_DIGEST = "ALTER TABLE campaigns_campaigntext ALTER COLUMN source_digest DROP DEFAULT"

REFUSE = """
CREATE FUNCTION campaigns_version_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Version % of the words cannot be changed: people have signed it. Add a version', OLD.id;
END $$;
CREATE TRIGGER version_refuse BEFORE UPDATE ON campaigns_textversion
    FOR EACH ROW EXECUTE FUNCTION campaigns_version_refuse();
"""
UNDO = """
DROP TRIGGER version_refuse ON campaigns_textversion;
DROP FUNCTION campaigns_version_refuse();
"""

WORDS = [
    "title",
    "summary",
    "key_figures",
    "key_figures_period",
    "sections",
    "places",
    "places_text",
    "addressee",
    "demands_opening",
    "demands",
    "demands_closing",
    "call_heading",
    "call_to_action",
    "signing_heading",
    "signing_text",
    "data_heading",
    "data_text",
    "share_text",
    "consent_text",
    "text_as_of",
]
MARKDOWN = [
    "summary",
    "places_text",
    "demands_opening",
    "demands_closing",
    "call_to_action",
    "signing_text",
    "data_text",
]


def render(apps, schema_editor):
    """The HTML of the words that are there. A row that has none, or that of other words, is rendered whenever it is read."""
    texts = apps.get_model("campaigns", "CampaignText").objects
    for text in texts.all():
        with suppress(ValidationError):
            html = {"of": markdown.digest(text, (*MARKDOWN, "sections"))}
            html |= {name: markdown.render(getattr(text, name)) for name in MARKDOWN}
            html["sections"] = [
                [part.heading, markdown.render(part.body)] for part in structure.sections(text.sections)
            ]
            texts.filter(pk=text.pk).update(html=html)
    updates = apps.get_model("campaigns", "Update").objects
    for update in updates.all():
        updates.filter(pk=update.pk).update(
            html={"of": markdown.digest(update, ["body"]), "body": markdown.render(update.body)}
        )


def note_source_words(apps, schema_editor):
    """Of a translation that was up to date, the words it was made beside are those of today."""
    texts = apps.get_model("campaigns", "CampaignText").objects
    for source in texts.filter(language=F("campaign__source_language")):
        words = {name: getattr(source, name) for name in WORDS}
        digest = hashlib.sha256("\0".join(words.values()).encode()).hexdigest()
        beside = texts.filter(campaign=source.campaign_id, source_digest=digest).exclude(pk=source.pk)
        beside.update(source_words=words)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_default_visibility"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="delivered_on",
            field=models.DateField(
                blank=True,
                editable=False,
                help_text="When the signatures were handed over.",
                null=True,
                verbose_name="delivered on",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="goal_steps",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="One after the other: 500, 1000, 5000. Empty, and after the last, the goal rises by itself.",
                max_length=200,
                validators=[campaigns.goals.check_steps],
                verbose_name="goal steps",
            ),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="changed_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When the words that people sign last changed under them.",
                null=True,
                verbose_name="changed at",
            ),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="draft",
            field=models.JSONField(
                db_default={},
                default=dict,
                editable=False,
                help_text="What staff have changed and not published: values by field, of `DRAFTED` alone.",
            ),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="html",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="previewed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="preview seen at"),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="previewed_by",
            field=models.CharField(
                db_default="", default="", editable=False, max_length=150, verbose_name="preview seen by"
            ),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="previewed_digest",
            field=models.CharField(db_default="", default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="published_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="published at",
            ),
        ),
        migrations.AddField(
            model_name="campaigntext",
            name="source_words",
            field=models.JSONField(
                db_default={},
                default=dict,
                editable=False,
                help_text="The source's words, by field, that each field of this translation was last saved beside.",
            ),
        ),
        migrations.AddField(
            model_name="update",
            name="html",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("open", "open"),
                    ("paused", "paused"),
                    ("closed", "closed"),
                    ("delivered", "delivered"),
                ],
                default="draft",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="update",
            name="body",
            field=models.TextField(
                help_text="Markdown: **bold**, *italic*, [words](https://…), lists.", verbose_name="text"
            ),
        ),
        migrations.AlterField(
            model_name="update",
            name="published_at",
            field=models.DateTimeField(
                blank=True,
                default=django.utils.timezone.now,
                help_text="Empty: a draft. A moment to come: it appears by itself. Time in Lima.",
                null=True,
                verbose_name="published at",
            ),
        ),
        migrations.CreateModel(
            name="TextVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12, verbose_name="language")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("words", models.JSONField(verbose_name="words")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("published_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="published at")),
                ("published_by", models.CharField(blank=True, max_length=150, verbose_name="published by")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="text_versions",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of words",
                "verbose_name_plural": "versions of words",
                "ordering": ["-published_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "language", "version"),
                        name="one_text_version_per_campaign_language_and_version",
                    )
                ],
            },
        ),
        migrations.RunSQL(REFUSE, UNDO),
        migrations.RunSQL(FORGET_DIGEST, KEEP_DIGEST),
        migrations.RunPython(render, migrations.RunPython.noop),
        migrations.RunPython(note_source_words, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="campaigntext", name="source_digest")],
        ),
    ]
