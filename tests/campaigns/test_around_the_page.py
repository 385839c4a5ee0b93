"""What stands around the campaign's page: sharing, updates and their feed, notices, sitemap, robots, languages."""

from datetime import timedelta
from gettext import GNUTranslations
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from campaigns import services
from campaigns.models import Campaign, CampaignText, Update
from campaigns.sharing import CHANNELS
from signatures import tokens
from tests.helpers import make_campaign, make_text

URL = "/en/water-for-all/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign(
        postal_address="1 Example Street",
        representative_in_peru="None is needed.",
        data_host="Example Hosting",
        mail_sender="Example Mail",
        supervisory_authority="Example Authority",
        minimum_age=16,
        closes_at=timezone.now() + timedelta(days=30),
        retention_days=10,
        corrections_name="Rosa Example",
        corrections_email="corrections@example.org",
    )


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs).get("href") or "")


@pytest.mark.parametrize("url", [URL, f"{URL}thanks/"])
def test_share_links_carry_their_channel_and_nothing_else(client: Client, campaign: Campaign, url: str) -> None:
    links = Links(client.get(url).content.decode()).found
    hosts = {urlsplit(link).hostname: link for link in links}

    shared = []
    for host in ("wa.me", "t.me", "www.facebook.com", "x.com"):
        query = parse_qs(urlsplit(hosts[host]).query)
        words = " ".join(value for values in query.values() for value in values)
        (address,) = [word for word in words.split() if word.startswith("http://localhost")]
        shared.append(address)
        assert host == "www.facebook.com" or "Sign with me:" in words
    assert [parse_qs(urlsplit(address).query) for address in shared] == [{"via": [name]} for name in CHANNELS[:4]]
    assert {urlsplit(address).path for address in shared} == {URL}
    # WhatsApp first, the only one that is not folded away.
    assert next(link for link in links if urlsplit(link).hostname and "localhost" in link) == hosts["wa.me"]


def test_updates_are_on_the_page_and_in_the_feed_of_their_language(client: Client, campaign: Campaign) -> None:
    def make(title: str, language: str = "en", days: int = 0) -> None:
        Update.objects.create(
            campaign=campaign,
            language=language,
            title=title,
            body="It happened.",
            source="https://example.org/report",
            reviewer="Rosa Example",
            published_at=timezone.now() + timedelta(days=days),
        )

    assert "What has happened since" not in client.get(URL).content.decode()
    make("First", days=-2)
    make("Second", days=-1)
    make("Tomorrow", days=1)
    make("Primera", language="es", days=-1)

    html = client.get(URL).content.decode()
    assert html.index(">Second<") < html.index(">First<")
    assert "Tomorrow" not in html
    assert "Primera" not in html
    response = client.get(f"{URL}updates.atom")
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)  # noqa: S314  (our own)
    atom = "{http://www.w3.org/2005/Atom}"
    assert [entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry")] == ["Second", "First"]


def test_the_privacy_notice_says_who_is_responsible_and_when_data_is_erased(client: Client, campaign: Campaign) -> None:
    html = client.get(f"{URL}privacy/").content.decode()

    for words in (
        "Example Organisation",
        "1 Example Street",
        "privacy@example.org",
        "None is needed.",
        "Example Hosting",
        "Example Mail",
        "Example Authority",
        "16",
    ):
        assert words in html
    assert campaign.erased_on is not None
    with translation.override("en"):
        assert date_format(campaign.erased_on) in html


def test_the_page_names_somebody_to_write_to_about_corrections(client: Client, campaign: Campaign) -> None:
    html = client.get(URL).content.decode()

    assert "Rosa Example" in html
    assert 'href="mailto:corrections@example.org"' in html


def test_the_language_switch_stays_on_the_page(client: Client, campaign: Campaign) -> None:
    handle = tokens.Handle(1, "a…a@example.org").seal()
    for page in ("", "privacy/", f"check-email/{handle}/", "thanks/", "signature/", "signature/asked/"):
        assert f"/es/water-for-all/{page}" in Links(client.get(URL + page).content.decode()).found


def test_sitemap_and_robots_list_the_public_pages_only(client: Client, campaign: Campaign) -> None:
    make_campaign("land-for-all", state="draft")

    sitemap = client.get("/sitemap.xml").content.decode()

    assert "/en/water-for-all/" in sitemap
    assert "/es/water-for-all/" in sitemap
    assert "land-for-all" not in sitemap
    robots = client.get("/robots.txt").content.decode()
    assert "Disallow: /admin/" in robots
    assert "/sitemap.xml" in robots


def test_link_previews_find_title_text_and_picture(client: Client, campaign: Campaign) -> None:
    html = client.get(URL).content.decode()

    for tag in (
        '<meta property="og:title" content="Water for all">',
        '<meta property="og:description" content="Sign with me:">',
        f'<link rel="canonical" href="http://localhost:8000{URL}">',
        '<meta name="twitter:card" content="summary_large_image">',
    ):
        assert tag in html
    assert '<script type="application/ld+json">{"@context": "https://schema.org"' in html


def test_structured_data_cannot_break_out_of_its_element(client: Client, campaign: Campaign) -> None:
    campaign.texts.update(title="</script><script>alert(1)</script>")

    assert "<script>alert" not in client.get(URL).content.decode()


def test_a_campaign_is_published_in_a_language_whose_interface_is_not_translated_yet(
    client: Client, campaign: Campaign
) -> None:
    make_text(campaign, language="qu", title="Yaku llapanpaq")
    services.publish_consent(campaign=campaign)

    html = client.get("/qu/water-for-all/").content.decode()

    assert '<html lang="qu">' in html
    assert "<h1>Yaku llapanpaq</h1>" in html
    assert "Firma la petición" in html
    assert "Runasimi" in client.get(URL).content.decode()
    assert client.get("/", headers={"Accept-Language": "qu-PE,es;q=0.5"})["Location"] == "/qu/water-for-all/"


def test_a_catalogue_that_is_not_whole_is_filled_from_its_fallback(tmp_path: Path) -> None:
    def write(language: str, *messages: tuple[str, str]) -> None:
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        lines = ['msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n']
        lines += [f'msgid "{source}"\nmsgstr "{said}"\n' for source, said in messages]
        (folder / "django.po").write_text("\n".join(lines), encoding="utf-8")

    write("es", ("Sign", "Firmar"), ("Share", "Compartir"))
    write("qu", ("Sign", "Ruray"), ("Share", ""))
    write("ay", ("Sign", ""))
    with override_settings(LOCALE_PATHS=[tmp_path], INTERFACE_FALLBACKS={"qu": "es", "ay": "en"}):
        call_command("compile_translations", verbosity=0)
        said = {}
        for language in ("es", "qu", "ay"):
            with (tmp_path / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
                catalogue = GNUTranslations(file)
            said[language] = [catalogue.gettext(word) for word in ("Sign", "Share")]

    assert said == {"es": ["Firmar", "Compartir"], "qu": ["Ruray", "Compartir"], "ay": ["Sign", "Share"]}


def test_a_translation_whose_source_has_changed_is_out_of_date_until_it_is_saved_again(campaign: Campaign) -> None:
    spanish = campaign.texts.get(language="es")
    services.save_words(words=spanish)
    assert not spanish.is_out_of_date(campaign.source_text)

    CampaignText.objects.filter(language="en").update(demands="open all wells.")
    assert spanish.is_out_of_date(campaign.source_text)
    assert not campaign.source_text.is_out_of_date(campaign.source_text)  # type: ignore[union-attr]

    services.save_words(words=spanish)
    assert not spanish.is_out_of_date(campaign.source_text)
