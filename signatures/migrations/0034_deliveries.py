"""Deliveries and their packs, and triggers that keep the account of them.

TRUNCATE is not refused, as with exports.
"""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

ACCOUNT = """
CREATE FUNCTION signatures_delivery_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.campaign_id, NEW.staff_id, NEW.made_at, NEW.day, NEW.place, NEW.volume_megabytes, NEW.letters)
        IS DISTINCT FROM
       (OLD.id, OLD.campaign_id, OLD.staff_id, OLD.made_at, OLD.day, OLD.place, OLD.volume_megabytes, OLD.letters)
    THEN
        RAISE EXCEPTION 'Delivery % cannot be changed, only withdrawn', OLD.id;
    END IF;
    IF OLD.frozen_at IS NOT NULL
       AND (NEW.frozen_at, NEW.counted, NEW.before, NEW.signatures, NEW.names, NEW.left_out) IS DISTINCT FROM
           (OLD.frozen_at, OLD.counted, OLD.before, OLD.signatures, OLD.names, OLD.left_out)
    OR OLD.decided_at IS NOT NULL
       AND (NEW.decided_at, NEW.decided_by_id) IS DISTINCT FROM (OLD.decided_at, OLD.decided_by_id)
    OR OLD.withdrawn_at IS NOT NULL AND NEW IS DISTINCT FROM OLD
    OR OLD.pack_id IS NOT NULL AND NEW.pack_id IS DISTINCT FROM OLD.pack_id
    THEN
        RAISE EXCEPTION 'The account of delivery % is kept as it is', OLD.id;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION signatures_delivery_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The account of deliveries is kept: row % of % cannot be deleted', OLD.id, TG_TABLE_NAME;
END $$;

CREATE TRIGGER delivery_update BEFORE UPDATE ON signatures_delivery
    FOR EACH ROW EXECUTE FUNCTION signatures_delivery_update();
CREATE TRIGGER delivery_delete BEFORE DELETE ON signatures_delivery
    FOR EACH ROW EXECUTE FUNCTION signatures_delivery_delete();
CREATE TRIGGER pack_delete BEFORE DELETE ON signatures_pack
    FOR EACH ROW EXECUTE FUNCTION signatures_delivery_delete();
"""

UNDO = """
DROP TRIGGER delivery_update ON signatures_delivery;
DROP TRIGGER delivery_delete ON signatures_delivery;
DROP TRIGGER pack_delete ON signatures_pack;
DROP FUNCTION signatures_delivery_update();
DROP FUNCTION signatures_delivery_delete();
"""

# Keys that point to campaigns need a lock on these for a moment: where it cannot be had, nothing happens.
LOCK = "SET LOCAL lock_timeout = '5s'"


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0007_reviewers_of_all_words"),
        ("signatures", "0033_steps_taken_back"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("made", "being frozen"),
                            ("waiting", "waiting for a second person"),
                            ("approved", "approved"),
                            ("handed", "handed over, without an answer"),
                            ("answered", "answered"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="made",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at")),
                (
                    "day",
                    models.DateField(help_text="It is the date of the letter.", verbose_name="day of the delivery"),
                ),
                (
                    "place",
                    models.CharField(help_text="Where the letter is signed.", max_length=100, verbose_name="place"),
                ),
                (
                    "volume_megabytes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="In megabytes: no PDF is larger. Ask the desk what it takes.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="size of a volume",
                    ),
                ),
                (
                    "letters",
                    models.JSONField(
                        help_text="By language: `subject` and `body`, Markdown.", verbose_name="cover letter"
                    ),
                ),
                ("frozen_at", models.DateTimeField(null=True, verbose_name="frozen at")),
                (
                    "counted",
                    models.PositiveIntegerField(
                        help_text="By the campaign's count, at that moment.", null=True, verbose_name="counted"
                    ),
                ),
                ("before", models.PositiveIntegerField(help_text="Of them in earlier deliveries.", null=True)),
                (
                    "signatures",
                    models.PositiveIntegerField(help_text="In this one.", null=True, verbose_name="signatures"),
                ),
                ("names", models.PositiveIntegerField(null=True, verbose_name="of them with a name")),
                (
                    "left_out",
                    models.JSONField(
                        default=dict, help_text="What was not counted then: `pending`, `held`, `rejected`."
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="approved at")),
                ("withdrawn_at", models.DateTimeField(null=True, verbose_name="withdrawn at")),
                ("withdrawn_for", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("handed_over_on", models.DateField(null=True, verbose_name="handed over on")),
                ("how", models.CharField(blank=True, max_length=200, verbose_name="how")),
                ("to_whom", models.CharField(blank=True, max_length=200, verbose_name="to whom")),
                ("receipt_number", models.CharField(blank=True, max_length=100, verbose_name="filing receipt (cargo)")),
                ("case_number", models.CharField(blank=True, max_length=100, verbose_name="case number (expediente)")),
                ("answered_on", models.DateField(null=True, verbose_name="answered on")),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("answer_language", models.CharField(blank=True, max_length=12, verbose_name="language of the answer")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "handed_over_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
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
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="withdrawn by",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ["-pk"],
                "permissions": [("make_delivery", "Can make, approve, withdraw and record deliveries")],
            },
        ),
        migrations.CreateModel(
            name="DeliveryChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="signatures.delivery"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryScan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="added at")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("content_type", models.CharField(max_length=20)),
                ("data", models.BinaryField()),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scans", to="signatures.delivery"
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
                "verbose_name": "scan",
                "verbose_name_plural": "scans",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Pack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting for a worker"),
                            ("making", "being made"),
                            ("ready", "ready"),
                            ("outdated", "deleted: somebody in it has changed or taken something back"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked for at")),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("seen_at", models.DateTimeField(help_text="When whoever makes it last said so.", null=True)),
                ("made_at", models.DateTimeField(null=True, verbose_name="made at")),
                ("done", models.PositiveIntegerField(default=0, help_text="Names in the volumes that are typeset.")),
                ("names", models.PositiveIntegerField(default=0, verbose_name="names")),
                ("unnamed", models.PositiveIntegerField(default=0, verbose_name="as a number only")),
                (
                    "taken_back",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Of the frozen set, those that did not count any more.",
                        verbose_name="taken back",
                    ),
                ),
                (
                    "missing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        default=list,
                        help_text="Numbers that have no line in it.",
                        size=None,
                    ),
                ),
                ("size", models.BigIntegerField(default=0, help_text="Bytes.", verbose_name="size")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("manifest", models.TextField(blank=True, verbose_name="manifest")),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="error")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="packs", to="signatures.delivery"
                    ),
                ),
            ],
            options={
                "verbose_name": "pack",
                "verbose_name_plural": "packs",
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="pack",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="signatures.pack",
                verbose_name="the pack that was handed over",
            ),
        ),
        migrations.CreateModel(
            name="PackPiece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "pack",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="signatures.pack",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveredSignature",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="delivered",
                        serialize=False,
                        to="signatures.signature",
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(
                        help_text="In the list, where it was to have a line when the delivery was frozen.", null=True
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delivered",
                        to="signatures.delivery",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "number"), name="one_signature_per_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="ErasedNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erased_numbers",
                        to="signatures.delivery",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("delivery", "number"), name="one_erasure_per_number")],
            },
        ),
        migrations.AddConstraint(
            model_name="pack",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "making"])), fields=("delivery",), name="one_pack_under_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("staff")), _negated=True),
                name="delivery_approved_by_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("handed_over_on", None), ("withdrawn_at", None), _connector="OR"),
                name="delivery_handed_over_or_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("handed_over_on", None), ("pack__isnull", False), _connector="OR"),
                name="delivery_hands_over_a_pack",
            ),
        ),
        migrations.AddConstraint(
            model_name="packpiece",
            constraint=models.UniqueConstraint(fields=("pack", "number"), name="one_piece_per_number"),
        ),
        migrations.RunSQL(ACCOUNT, UNDO),
    ]
