"""Staff edit campaigns and their words."""

import pytest
from django.contrib.auth.models import User
from django.forms import model_to_dict
from django.test import Client

from campaigns import loading
from campaigns.models import Campaign, CampaignText, ConsentText
from tests.helpers import log_in, make_campaign


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign(state="draft")


@pytest.fixture
def staff(db: None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("editor"))
    return client


RESPONSIBLE = {
    "organisation": "Example Organisation",
    "postal_address": "1 Example Street",
    "privacy_contact": "privacy@example.org",
    "representative_in_peru": "None is needed.",
    "data_host": "Example Hosting",
    "mail_sender": "Example Mail",
    "supervisory_authority": "Example Authority",
    "minimum_age": "16",
    "closes_at_0": "2099-12-31",
    "closes_at_1": "23:59:00",
    "retention_days": "180",
    "corrections_name": "Example Organisation",
    "corrections_email": "corrections@example.org",
}


def post_campaign(staff: Client, campaign: Campaign, **fields: str) -> object:
    data = {"slug": campaign.slug, "source_language": "en", "state": "open", "progress_shown_from": "500"}
    return staff.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", data | RESPONSIBLE | fields)


def test_a_campaign_opens_when_everything_on_who_is_responsible_is_there(staff: Client, campaign: Campaign) -> None:
    assert post_campaign(staff, campaign).status_code == 302  # type: ignore[attr-defined]

    campaign.refresh_from_db()
    assert campaign.is_open


@pytest.mark.parametrize("field", RESPONSIBLE)
def test_a_campaign_cannot_be_opened_with_one_of_them_empty(staff: Client, campaign: Campaign, field: str) -> None:
    response = post_campaign(staff, campaign, **{field: ""})

    assert response.status_code == 200  # type: ignore[attr-defined]
    assert list(response.context["errors"])  # type: ignore[attr-defined]
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_words_are_edited_and_a_changed_consent_text_becomes_a_version(staff: Client, campaign: Campaign) -> None:
    text = campaign.texts.get(language="en")
    url = f"/admin/campaigns/campaigntext/{text.pk}/change/"
    data = {name: value for name, value in model_to_dict(text).items() if value is not None}

    assert staff.post(url, data | {"title": "Water, now"}).status_code == 302
    assert ConsentText.objects.filter(language="en").count() == 1
    assert staff.post(url, data | {"consent_text": "Another text."}).status_code == 302

    assert list(ConsentText.objects.filter(language="en").order_by("version").values_list("text", flat=True)) == [
        "I agree that Example Organisation counts my signature.",
        "Another text.",
    ]


def test_words_saved_unchanged_stay_the_files_words(staff: Client) -> None:
    loading.load("stand-with-victims-of-repression-in-peru")
    text = CampaignText.objects.get(language="es")
    data = {name: value for name, value in model_to_dict(text).items() if value is not None}
    as_browsers_send = {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value for name, value in data.items()
    }

    assert staff.post(f"/admin/campaigns/campaigntext/{text.pk}/change/", as_browsers_send).status_code == 302

    outcomes = loading.load("stand-with-victims-of-repression-in-peru")
    assert [outcome.kept for outcome in outcomes] == [[], [], []]
    assert ConsentText.objects.count() == 2


def test_bad_structure_gets_a_message_beside_its_field(staff: Client, campaign: Campaign) -> None:
    text = campaign.texts.get(language="en")
    data = {name: value for name, value in model_to_dict(text).items() if value is not None}

    response = staff.post(
        f"/admin/campaigns/campaigntext/{text.pk}/change/", data | {"key_figures": "49 people", "sections": "x"}
    )

    assert set(response.context["adminform"].form.errors) == {"key_figures", "sections"}


def test_a_translation_without_reviewer_is_marked(staff: Client, campaign: Campaign) -> None:
    url = "/admin/campaigns/campaigntext/"
    assert staff.get(url).content.decode().count("translation awaiting review") == 1

    CampaignText.objects.filter(language="es").update(reviewer="Rosa Example")

    html = staff.get(url).content.decode()
    assert "translation awaiting review" not in html
    assert "Rosa Example" in html
