"""The campaign's page, the list and the way in: what they say, in which language, and how caches may keep them."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import tally
from signatures.models import CountDelta
from tests.helpers import make_campaign, make_rows

URL = "/en/water-for-all/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def test_page_may_be_kept_by_any_cache(client: Client, campaign: Campaign) -> None:
    response = client.get(URL)

    assert response.status_code == 200
    assert not response.cookies
    assert "Vary" not in response
    assert response["Cache-Control"] == "public, max-age=0, s-maxage=5, stale-while-revalidate=30, stale-if-error=600"
    assert "csrfmiddlewaretoken" not in response.content.decode()
    again = client.get(URL, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_page_asks_the_database_a_fixed_number_of_times(
    client: Client, campaign: Campaign, django_assert_num_queries: object
) -> None:
    make_rows(campaign, 30)

    with django_assert_num_queries(9):  # type: ignore[operator]
        client.get(URL)


def test_page_shows_count_and_goal(client: Client, campaign: Campaign) -> None:
    make_rows(campaign, 3)

    html = client.get(URL).content.decode()

    assert '<strong data-count="3">3</strong>' in html
    assert '<progress value="3" max="1000"' in html


@pytest.mark.parametrize(
    ("language", "title", "button"), [("en", "Water for all", "Sign"), ("es", "Agua para todas las personas", "Firmar")]
)
def test_page_is_in_the_language_of_its_address(
    client: Client, campaign: Campaign, language: str, title: str, button: str
) -> None:
    html = client.get(f"/{language}/water-for-all/", headers={"Accept-Language": "fr"}).content.decode()

    assert f'<html lang="{language}">' in html
    assert html.count(f"<h1>{title}</h1>") == html.count("<h1") == 1
    assert f'type="submit">{button}</button>' in html
    for other in ("en", "es"):
        assert f'hreflang="{other}" href="http://localhost' in html


def test_page_escapes_what_staff_wrote(client: Client, campaign: Campaign) -> None:
    campaign.texts.update(title="<script>alert(1)</script>", summary="<b>x</b>", sections="## <i>y</i>\n\n<u>z</u>")

    html = client.get(URL).content.decode()

    for tag in ("<script>alert", "<b>x", "<i>y", "<u>z"):
        assert tag not in html


def test_a_readable_address_leads_to_the_page(client: Client, campaign: Campaign) -> None:
    campaign.texts.filter(language="es").update(alias="agua")

    response = client.get("/es/agua/")

    assert (response.status_code, response["Location"]) == (301, "/es/water-for-all/")
    assert client.get("/en/agua/").status_code == 404


@pytest.mark.parametrize("url", ["/en/nothing/", "/en/nothing/thanks/", "/fr/water-for-all/", "/en/a/b/c/"])
def test_an_unknown_address_is_a_page_that_says_so(client: Client, campaign: Campaign, url: str) -> None:
    response = client.get(url)

    assert response.status_code == 404
    assert response.content.decode().count("<h1>") == 1


def test_a_draft_is_nowhere(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="draft")

    for url in (URL, f"{URL}check-email/", f"{URL}thanks/", "/api/v1/campaigns/water-for-all/"):
        assert client.get(url).status_code == 404
    assert "Water for all" not in client.get("/en/").content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "closed"}, "This petition is closed."),
        ({"opens_at": timezone.now() + timedelta(days=1)}, "Signing opens on"),
        ({"state": "paused"}, "Signing is paused"),
    ],
)
def test_a_campaign_that_is_not_open_says_so_in_place_of_the_form(
    client: Client, campaign: Campaign, fields: dict[str, object], words: str
) -> None:
    Campaign.objects.update(**fields)

    html = client.get(URL).content.decode()

    assert words in html
    assert "<form" not in html


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("es-PE,es;q=0.9", "es"), ("en-GB", "en"), ("qu,ay;q=0.8", "es"), ("", "es"), ("*", "es")],
)
def test_the_way_in_takes_the_browsers_language_and_spanish_when_in_doubt(
    client: Client, campaign: Campaign, accepted: str, language: str
) -> None:
    response = client.get("/", headers={"Accept-Language": accepted})

    assert (response.status_code, response["Location"]) == (302, f"/{language}/water-for-all/")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_the_way_in_leads_to_the_list_where_no_campaign_is_open(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="closed")

    response = client.get("/", headers={"Accept-Language": "en"})

    assert response["Location"] == "/en/"
    assert "Water for all" in client.get("/en/").content.decode()


def test_the_api_tells_how_many_there_were_at_the_end_of_each_day(client: Client, campaign: Campaign) -> None:
    """Days are those of Lima, which begin five hours later than in UTC."""
    for at, n in (("2026-05-01T04:00Z", 3), ("2026-05-01T05:00Z", 1), ("2026-05-03T12:00Z", 2)):
        CountDelta.objects.create(campaign=campaign, country="PE", hour=datetime.fromisoformat(at), n=n)
    tally.fold()
    CountDelta.objects.create(campaign=campaign, country="ES", hour=datetime.fromisoformat("2026-05-03T13:00Z"), n=-1)

    response = client.get("/api/v1/campaigns/water-for-all/history/")

    assert response.json() == {
        "slug": "water-for-all",
        "time_zone": "America/Lima",
        "days": [
            {"day": "2026-04-30", "signatures": 3},
            {"day": "2026-05-01", "signatures": 4},
            {"day": "2026-05-03", "signatures": 5},
        ],
    }
    assert response["Access-Control-Allow-Origin"] == "*"


def test_the_api_tells_the_exact_count_and_only_countries_with_ten(client: Client, campaign: Campaign) -> None:
    make_rows(campaign, 12, country="PE")
    make_rows(campaign, 9, country="ES")

    response = client.get("/api/v1/campaigns/water-for-all/")

    assert response.json() == {
        "slug": "water-for-all",
        "title": {"en": "Water for all", "es": "Agua para todas las personas"},
        "state": "open",
        "languages": ["en", "es"],
        "goal": 1000,
        "signatures": 21,
        "countries": {"PE": 12},
    }
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "public, max-age=5, stale-while-revalidate=30"
    assert not response.cookies
