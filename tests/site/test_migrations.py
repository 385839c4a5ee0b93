"""Models and migrations say the same, and rows that were there before come through."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps
from django.utils import timezone
from django_migration_linter import MigrationLinter

FIRST = [("campaigns", "0001_initial"), ("signatures", "0002_count_triggers")]

# What the linter has found so far, looked at and left; the first ones were out before anybody had put a site online.
LOOKED_AT = [
    "0003_consent_versions",  # a name that is not the model's
    "0003_control",  # a longer word in a column
    "0005_consent_log",  # a new column that must not be null
    "0007_erasing_by_staff",  # a longer word in a column
    "0010_exports",  # an index on a table made by the same migration
    "0034_deliveries",  # the same
]


@pytest.mark.django_db
def test_no_migration_is_pending() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)  # some of them build indexes, which no transaction may
def test_the_release_before_a_new_migration_goes_on_working_after_it() -> None:
    """While a site is renewed process by process, both releases use the same tables."""
    linter = MigrationLinter(
        include_apps=["campaigns", "signatures"],
        ignore_name=LOOKED_AT,
        no_output=True,
        analyser_string="postgresql",
    )
    linter.lint_all_migrations()
    assert (linter.nb_erroneous, linter.nb_warnings) == (0, 0)
    assert linter.nb_valid > 30


@pytest.fixture
def first(transactional_db: None) -> Iterator[StateApps]:
    """The database as the first release left it; afterwards it is whole again."""
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate(FIRST)
    yield executor.loader.project_state(FIRST).apps
    executor = MigrationExecutor(connection)
    executor.migrate(newest)
    call_command("flush", interactive=False, verbosity=0)


def test_signatures_of_the_first_release_keep_their_consent_and_their_letters_go_out(first: StateApps) -> None:
    campaign = first.get_model("campaigns", "Campaign").objects.create(slug="water-for-all", state="open")
    consent = first.get_model("campaigns", "ConsentText").objects.create(
        campaign=campaign, language="es", version=1, text="Acepto.", sha256="0" * 64
    )
    signature = first.get_model("signatures", "Signature").objects.create(
        campaign=campaign,
        consent=consent,
        visibility="delivered",
        name="Ana Example",
        email="ana@example.org",
        country="PE",
        language="es",
        fingerprint=b"x" * 32,
        state="confirmed",
        created_at=timezone.now() - timedelta(hours=1),
        confirmed_at=timezone.now(),
    )
    first.get_model("signatures", "Letter").objects.create(
        signature=signature, kind="confirmation", to="ana@example.org"
    )

    make = first.get_model("campaigns", "CampaignText").objects.create
    make(campaign=campaign, language="en", title="Water", sections="## A\n\n*b*")
    digest = hashlib.sha256("\0".join(["Water", "", "", "", "## A\n\n*b*", *[""] * 15]).encode()).hexdigest()
    make(campaign=campaign, language="es", title="Agua", source_digest=digest)
    make(campaign=campaign, language="qu", title="Yaku", source_digest="older")

    call_command("migrate", verbosity=0)

    from campaigns.models import CampaignText
    from signatures.models import Letter, Signature

    letter = Letter.objects.get()
    assert (letter.campaign_id, letter.language, letter.priority) == (campaign.pk, "es", Letter.FIRST)
    assert bytes(letter.fingerprint) == b"x" * 32
    kept = Signature.objects.get()
    assert [event.kind for event in kept.consent_events.all()] == ["ticked", "confirmed"]
    assert kept.consent.sha256 == "0" * 64
    newer = kept.campaign.consent_texts.get(version=2)
    assert (newer.text, newer.sha256) == ("Acepto.", newer.digest)
    assert newer.secret
    english, spanish, quechua = (CampaignText.objects.get(language=language) for language in ("en", "es", "qu"))
    assert english.html == english.made
    assert english.html["sections"] == [["A", "<p><em>b</em></p>"]]
    assert english.published_at
    assert not spanish.is_out_of_date(english)
    assert quechua.is_out_of_date(english)
