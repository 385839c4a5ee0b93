"""What this floor puts on the campaign's page: progress, the latest names, the picture, the channels."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import cards
from signatures.models import Signature, ViaTally
from tests.helpers import form_data, make_campaign, make_rows

URL = "/en/water-for-all/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def test_neither_count_nor_goal_is_shown_below_the_number_that_staff_set(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(progress_shown_from=3)
    make_rows(campaign, 2)
    assert "<progress" not in client.get(URL).content.decode()

    make_rows(campaign, 1)
    html = client.get(URL).content.decode()
    assert 'data-count="3"' in html
    assert '<progress value="3" max="1000"' in html


def test_the_page_shows_the_latest_public_names_and_no_others(client: Client, campaign: Campaign) -> None:
    for name, fields in {
        "Public Example": {"visibility": "public"},
        "Delivered Example": {},
        "Held Example": {"visibility": "public", "moderation": "held"},
        "Rejected Example": {"visibility": "public", "moderation": "rejected"},
        "Withdrawn Example": {"visibility": "public", "state": "withdrawn"},
        "Pending Example": {"visibility": "public", "state": "pending", "confirmed_at": None},
    }.items():
        make_rows(campaign, 1, name=name, **fields)

    html = client.get(URL).content.decode()

    assert "<bdi>Public Example</bdi>, Peru" in html
    for name in ("Delivered", "Held", "Rejected", "Withdrawn", "Pending"):
        assert f"{name} Example" not in html


def test_the_latest_twelve_names_are_shown_newest_first(client: Client, campaign: Campaign) -> None:
    rows = make_rows(campaign, 15, visibility="public")
    for number, row in enumerate(rows):
        Signature.objects.filter(pk=row.pk).update(confirmed_at=timezone.now() + timedelta(minutes=number))

    html = client.get(URL).content.decode()

    places = [html.find(f"<bdi>Row {number}</bdi>") for number in range(14, -1, -1)]
    assert places[:12] == sorted(places[:12])
    assert -1 not in places[:12]
    assert places[12:] == [-1, -1, -1]


def test_the_picture_is_a_png_that_is_kept_and_drawn_anew_when_the_count_has_passed_a_step(
    client: Client, campaign: Campaign
) -> None:
    text = campaign.texts.get(language="en")
    first = cards.version(text)
    response = client.get(f"{URL}preview.png")
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response.content.startswith(b"\x89PNG")
    assert len(response.content) < 300_000
    assert client.get(f"{URL}preview.png").content == response.content

    make_rows(campaign, 99)
    assert cards.version(text) == first
    make_rows(campaign, 60)
    assert cards.count_line(text) == "More than 150 signatures"
    assert client.get(f"{URL}preview.png").content != response.content
    assert f"preview.png?v={cards.version(text)}" in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("referer", "channels"),
    [
        ("http://testserver/en/water-for-all/?via=whatsapp", ["whatsapp"]),
        ("http://testserver/en/water-for-all/?via=whatsapp&x=1#sign", ["whatsapp"]),
        ("http://testserver/en/water-for-all/?via=somebody@example.org", []),
        ("http://testserver/en/water-for-all/", []),
        ("\udcff?via=\udcff", []),
        ("", []),
    ],
)
def test_signatures_are_counted_by_the_channel_that_led_to_the_page(
    client: Client, campaign: Campaign, referer: str, channels: list[str]
) -> None:
    response = client.post(f"{URL}sign/", form_data(campaign), headers={"Referer": referer})

    assert response.status_code == 303
    assert [(tally.channel, tally.n) for tally in ViaTally.objects.all()] == [(channel, 1) for channel in channels]
