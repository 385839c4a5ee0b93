"""Staff open, pause, close and deliver a campaign, and see what is missing before."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from campaigns import checklist, services
from campaigns.models import Campaign, CampaignText
from tests.helpers import log_in, make_campaign, make_rows


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


def post_campaign(staff: Client, campaign: Campaign, **fields: str) -> HttpResponse:
    data = {"slug": campaign.slug, "source_language": "en", "progress_shown_from": "500"}
    return staff.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", data | RESPONSIBLE | fields)


def move(staff: Client, campaign: Campaign, to: str, **fields: str) -> HttpResponse:
    return staff.post(f"/admin/campaigns/campaign/{campaign.pk}/state/", {"to": to} | fields)


def complete(staff: Client, campaign: Campaign) -> None:
    post_campaign(staff, campaign)
    campaign.texts.update(reviewer="Rosa Example")
    for text in campaign.texts.all():
        services.note_preview(text_id=text.pk, by="editor")


def state_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).state


def test_a_campaign_opens_when_nothing_is_missing_and_the_page_asks_first(staff: Client, campaign: Campaign) -> None:
    complete(staff, campaign)

    asked = staff.get(f"/admin/campaigns/campaign/{campaign.pk}/state/?to=open")
    assert "Visitors see the page and can sign" in asked.content.decode()
    assert state_of(campaign) == "draft"
    move(staff, campaign, "open")

    assert Campaign.objects.get().is_open
    assert LogEntry.objects.latest("pk").change_message == "State: open."


def test_what_is_missing_is_listed_at_all_times_and_opening_is_refused_with_it(
    staff: Client, campaign: Campaign
) -> None:
    complete(staff, campaign)
    CampaignText.objects.filter(language="es").update(reviewer="", addressee="", title="Agua")
    CampaignText.objects.filter(language="en").update(reviewer=" ")
    Campaign.objects.update(minimum_age=None)

    missing = [(item.said, item.field) for item in checklist.missing(Campaign.objects.get())]
    assert missing == [
        ("minimum age", "minimum_age"),
        ("English: reviewer", "reviewer"),
        ("Spanish: addressee", "addressee"),
        ("Spanish: reviewer", "reviewer"),
        ("Spanish: preview seen, with the words as they are published", ""),
    ]
    change = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    for html in (staff.get(change).content.decode(), move(staff, campaign, "open").content.decode()):
        assert [html.count(said) for said, _field in missing] == [1, 1, 1, 1, 1]
        assert f'href="{change}#id_minimum_age"' in html
    assert state_of(campaign) == "draft"


def test_everything_on_who_is_responsible_is_on_the_list(campaign: Campaign) -> None:
    Campaign.objects.update(organisation="", privacy_contact="")

    fields = [item.field for item in checklist.missing(Campaign.objects.get()) if item.text is None]

    assert fields == list(Campaign.RESPONSIBILITY)


def test_a_language_that_is_not_published_keeps_no_campaign_from_opening(staff: Client, campaign: Campaign) -> None:
    complete(staff, campaign)
    services.add_language(campaign=campaign, language="qu")
    assert checklist.missing(Campaign.objects.get()) == []
    campaign.texts.filter(language="en").update(published_at=None)
    said = [item.said for item in checklist.missing(Campaign.objects.get())]
    assert said == ["Words in the source language, published"]


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ("draft", {"open"}),
        ("open", {"paused", "closed"}),
        ("paused", {"open", "closed"}),
        ("closed", {"open", "delivered"}),
        ("delivered", {"closed"}),
    ],
)
def test_a_campaign_moves_only_where_it_makes_sense(state: str, following: set[str]) -> None:
    campaign = Campaign(state=state)
    assert set(campaign.next_states) == following
    campaign.closes_at = timezone.now() - timedelta(seconds=1)
    assert "open" not in campaign.next_states


def test_what_does_not_follow_is_not_done(staff: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="open")

    move(staff, campaign, "delivered", delivered_on="2026-01-31")
    move(staff, campaign, "draft")

    assert state_of(campaign) == "open"


def test_a_paused_campaign_goes_on_as_it_was(staff: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="open")

    move(staff, campaign, "paused")
    assert state_of(campaign) == "paused"
    move(staff, campaign, "open")

    assert state_of(campaign) == "open"


def test_the_closing_date_closes_by_itself_and_delivering_takes_its_day(staff: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="open", closes_at=timezone.now() - timedelta(seconds=1))
    public = Client()
    assert public.get(f"/api/v1/campaigns/{campaign.slug}/").json()["state"] == "closed"
    assert "This petition is closed." in public.get(f"/en/{campaign.slug}/").content.decode()

    tomorrow = timezone.localdate() + timedelta(days=1)
    for day in ("", str(tomorrow)):
        assert move(staff, campaign, "delivered", delivered_on=day).status_code == 200
    assert state_of(campaign) == "open"
    move(staff, campaign, "delivered", delivered_on="2026-01-31")

    assert public.get(f"/api/v1/campaigns/{campaign.slug}/").json()["state"] == "delivered"
    for page in (f"/en/{campaign.slug}/", "/en/"):
        html = public.get(page).content.decode()
        assert "This petition was handed over on Jan. 31, 2026." in html
        assert "<form" not in html
    assert public.post(f"/en/{campaign.slug}/sign/", {"name": "Ana"}).status_code == 409


def test_a_campaign_that_visitors_see_cannot_lose_who_is_responsible(staff: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="paused")

    response = post_campaign(staff, campaign, data_host="")

    assert list(response.context["adminform"].form.errors) == ["data_host"]


def test_the_address_of_a_campaign_that_visitors_see_stays(staff: Client, campaign: Campaign) -> None:
    post_campaign(staff, campaign, slug="before")
    assert Campaign.objects.get().slug == "before"
    Campaign.objects.update(state="open")

    assert post_campaign(staff, campaign, slug="after", source_language="es").status_code == 302

    assert (Campaign.objects.get().slug, Campaign.objects.get().source_language) == ("before", "en")


@pytest.mark.parametrize(
    ("typed", "goal"), [("", 1000), ("500, 1000,5000", 500), ("5", 1000), ("0", None), ("9, 8", None), ("many", None)]
)
def test_staff_give_the_goals_their_steps(staff: Client, campaign: Campaign, typed: str, goal: int | None) -> None:
    make_rows(campaign, 12)
    response = post_campaign(staff, campaign, goal_steps=typed)

    if goal is None:
        assert list(response.context["adminform"].form.errors) == ["goal_steps"]
    else:
        Campaign.objects.update(state="open", progress_shown_from=0)
        assert Client().get(f"/api/v1/campaigns/{campaign.slug}/").json()["goal"] == goal
        assert f'max="{goal}"' in Client().get(f"/en/{campaign.slug}/").content.decode()
