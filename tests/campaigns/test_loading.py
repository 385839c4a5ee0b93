"""Loading campaigns from files: the petition's own words, and staff's changes that stay."""

import re
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from campaigns import loading
from campaigns.models import Campaign, CampaignText, ConsentText, TextVersion

SLUG = "stand-with-victims-of-repression-in-peru"

# The petition as it was handed to us, a paragraph a line.
SOURCE = [
    "Stand with victims of repression in Peru",
    "49 people were killed and hundreds seriously injured by police and military personnel during the protests in Peru"
    " between December 2022 and February 2023.",
    "A year later, the victims and their families are still waiting for truth, justice and redress. Sign our petition to"
    " join their calls.",
    "What is the problem?",
    "Thousands of people took to the streets of Peru between December 2022 and February 2023 to protest. The police and"
    " army responded with the unlawful use of bullets, tear gas, and rubber and metal pellets, causing 49 deaths and"
    " leaving hundreds of people seriously injured. Most of the victims belonged to historically marginalised"
    " communities, including Indigenous people and campesinos (rural farm workers).",
    "The victims of this repression could be denied their rights to truth, justice and redress due to inaction from the"
    " authorities. To date, no public officials have been arrested in connection with the human rights violations"
    " committed. This includes officials who may have fired weapons and those who may have ordered or allowed the"
    " repression.",
    "Although some important progress has been made, the investigations of the Attorney General’s Office have generally"
    " been slow and incomplete and have not fully considered the needs of victims.",
    "In Andahuaylas, Ayacucho and Juliaca, the victims of state repression are fighting for their voices to be heard."
    " These three locations in Peru’s Southern Andean region were the epicentre of widespread lethal attacks by the"
    " security forces during the protests. A year on, they continue to demand truth, justice and redress, as well as the"
    " right to protest without being stigmatised or discriminated against by the Peruvian authorities.",
    "The Attorney General’s Office must listen to the victims. It must ensure that the ongoing criminal investigations"
    " into the deaths and injuries caused in the protests do not run into obstacles; are swift and independent; and"
    " include hard evidence against the police chiefs or other commanding officers who may be responsible. Impunity must"
    " not prevail.",
    "What can you do to help?",
    "Stand united with the victims of state repression in Peru by signing our petition.",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The campaign's files, to be changed."""
    folder = tmp_path / "content"
    shutil.copytree(loading.CONTENT, folder)
    monkeypatch.setattr(loading, "CONTENT", folder)
    return folder / SLUG


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_english_page_says_the_petitions_own_words_in_their_order(client: object) -> None:
    loading.load(SLUG)
    Campaign.objects.update(state="open")

    html = client.get(f"/en/{SLUG}/").content.decode()  # type: ignore[attr-defined]

    main = html[html.index("<h1>") : html.index("</main>")]
    words = " ".join(re.sub(r"<[^>]+>", " ", main).replace("&#x27;", "'").split())
    places = [words.find(paragraph) for paragraph in SOURCE]
    assert -1 not in places
    assert places == sorted(places)


def test_the_spanish_words_keep_to_the_terms(client: object) -> None:
    loading.load(SLUG)
    Campaign.objects.update(state="open")

    html = client.get(f"/es/{SLUG}/").content.decode()  # type: ignore[attr-defined]

    for words in (
        "mataron a 49 personas",
        "Ministerio Público – Fiscalía de la Nación",
        "verdad, justicia y reparación",
        "pueblos indígenas y campesinos",
        "pruebas sólidas contra los mandos",
        "Andahuaylas",
        "Ayacucho",
        "Juliaca",
    ):
        assert words in html
    for words in ("fallecieron", "enfrentamientos", "excesos", "costo social", "usted"):
        assert words not in html.lower()


def test_load_is_idempotent() -> None:
    loading.load(SLUG)
    outcomes = loading.load(SLUG)

    assert [(outcome.is_new, outcome.changed, outcome.kept) for outcome in outcomes] == [(False, [], [])] * 3
    assert Campaign.objects.count() == 1
    assert CampaignText.objects.count() == ConsentText.objects.count() == 2


def test_load_follows_the_file_where_staff_changed_nothing(content: Path) -> None:
    loading.load(SLUG)
    replace(content / "en.toml", "Impunity must not prevail.", "Impunity will not prevail.")

    outcomes = loading.load(SLUG)

    assert [outcome.changed for outcome in outcomes] == [[], ["demands_closing"], []]
    assert CampaignText.objects.get(language="en").demands_closing == "Impunity will not prevail."
    assert CampaignText.objects.get(language="en").changed_at is None


def test_what_a_file_changes_under_signers_is_a_version_and_the_page_says_so(content: Path, client: Client) -> None:
    loading.load(SLUG)
    Campaign.objects.update(state="open")
    replace(content / "en.toml", "Impunity must not prevail.", "Impunity will not prevail.")

    loading.load(SLUG)

    versions = TextVersion.objects.filter(language="en").order_by("version")
    assert [version.words["demands_closing"][:13] for version in versions] == ["Impunity must", "Impunity will"]
    assert "changed on" in client.get(f"/en/{SLUG}/").content.decode()
    assert "unchanged" not in client.get(f"/en/{SLUG}/").content.decode()


def test_load_keeps_what_staff_changed_unless_told_otherwise(content: Path) -> None:
    loading.load(SLUG)
    CampaignText.objects.filter(language="en").update(title="As staff wrote it")
    replace(content / "en.toml", "Stand with victims", "Stand by the victims")

    outcomes = loading.load(SLUG)
    assert [outcome.kept for outcome in outcomes] == [[], ["title"], []]
    assert CampaignText.objects.get(language="en").title == "As staff wrote it"

    loading.load(SLUG, overwrite=True)
    assert CampaignText.objects.get(language="en").title == "Stand by the victims of repression in Peru"


def test_whoever_read_words_has_not_read_those_that_a_file_brings(content: Path) -> None:
    loading.load(SLUG)
    CampaignText.objects.update(reviewer="Rosa Example")
    replace(content / "es.toml", 'alias = "apoya', 'alias = "apoyemos')
    loading.load(SLUG)
    assert CampaignText.objects.get(language="es").reviewer == "Rosa Example"

    CampaignText.objects.filter(language="es").update(draft={"summary": "S.", "reviewer": "Rosa Example"})
    replace(content / "es.toml", 'title = "Apoya', 'title = "Apoyemos')
    loading.load(SLUG)

    spanish = CampaignText.objects.get(language="es")
    assert (spanish.reviewer, spanish.with_draft().reviewer, spanish.draft) == ("", "", {"summary": "S."})
    assert CampaignText.objects.get(language="en").reviewer == "Rosa Example"


def test_load_keeps_a_date_that_staff_changed(content: Path) -> None:
    with override_settings(DEMO=True):
        loading.load(SLUG, demonstration=True)
        closing = Campaign.objects.get().closes_at
        assert loading.load(SLUG, demonstration=True)[0].kept == []
        Campaign.objects.update(closes_at=None)
        assert loading.load(SLUG, demonstration=True)[0].kept == ["closes_at"]
    assert closing is not None


def test_a_new_consent_text_becomes_a_new_version(content: Path) -> None:
    loading.load(SLUG)
    replace(content / "en.toml", "I can withdraw at any time.", "I can withdraw whenever I want.")
    loading.load(SLUG)

    versions = ConsentText.objects.filter(language="en").order_by("version")
    assert [version.version for version in versions] == [1, 2]
    assert versions[0].text.endswith("I can withdraw at any time.")
    assert versions[1].text.endswith("I can withdraw whenever I want.")
    assert [version.sha256 for version in versions] == [version.digest for version in versions]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Stand', 'titel = "Stand', "en.toml: there is no field titel"),
        ('title = "Stand', "title = Stand", "en.toml: Invalid value"),
        ("49 | people killed", "49 people killed", "needs a figure, a vertical bar and what it counts"),
        ("## What is the problem?", "What is the problem?", "Each section begins with a heading"),
    ],
)
def test_load_says_what_is_wrong_and_changes_nothing(content: Path, old: str, new: str, message: str) -> None:
    replace(content / "en.toml", old, new)

    with override_settings(LANGUAGE_CODE="en"), pytest.raises(CommandError, match=re.escape(message)):
        call_command("load_campaign", SLUG)
    assert not Campaign.objects.exists()


def test_load_knows_only_the_campaigns_that_there_are() -> None:
    with pytest.raises(CommandError, match="There is no campaign “elsewhere”"):
        call_command("load_campaign", "elsewhere")


def test_a_loaded_campaign_is_a_draft_without_anybody_responsible() -> None:
    loading.load(SLUG)

    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.is_demonstration) == ("draft", False)
    assert campaign.missing_responsibility() == list(Campaign.RESPONSIBILITY)


@override_settings(DEMO=True)
def test_the_demonstration_is_open_complete_and_marked() -> None:
    call_command("load_campaign", demonstration=True, verbosity=0)

    campaign = Campaign.objects.get()
    assert campaign.is_open
    assert campaign.is_demonstration
    assert campaign.organisation == "Demonstration organisation"
    assert campaign.missing_responsibility() == []


@override_settings(DEMO=False)
def test_there_is_no_demonstration_in_production() -> None:
    with pytest.raises(CommandError, match="--demonstration needs DEMO=true"):
        call_command("load_campaign", demonstration=True)
    assert not Campaign.objects.exists()
