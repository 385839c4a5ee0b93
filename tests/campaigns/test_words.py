"""Words are drafted beside their source, looked at, and published knowingly."""

import re
from datetime import datetime, timedelta
from functools import partial
from html.parser import HTMLParser
from importlib import import_module

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import loading, services
from campaigns.models import Campaign, CampaignText, ConsentText, TextVersion, Update
from tests.helpers import log_in, make_campaign, make_signature, make_text

URL = "/en/water-for-all/"
OUR_SCRIPTS = r'<script type="(module|application/ld.json)"'


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def english(campaign: Campaign) -> CampaignText:
    campaign.texts.filter(language="en").update(reviewer="Luz Example")
    return campaign.texts.get(language="en")


@pytest.fixture
def spanish(campaign: Campaign) -> CampaignText:
    campaign.texts.filter(language="es").update(reviewer="Rosa Example")
    return campaign.texts.get(language="es")


@pytest.fixture
def staff(db: None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("editor"))
    return client


class Fields(HTMLParser):
    """The values of a page's inputs and textareas, as a browser would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self.name = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") in ("text", "hidden"):
            self.data[given["name"]] = given.get("value", "")
        self.name = given.get("name", "") if tag == "textarea" else ""
        self.data |= {self.name: ""} if self.name else {}

    def handle_data(self, data: str) -> None:
        if self.name:
            self.data[self.name] += data

    def handle_endtag(self, tag: str) -> None:
        self.name = ""


def address(text: CampaignText, page: str = "change") -> str:
    return f"/admin/campaigns/campaigntext/{text.pk}/{page}/"


def form_of(staff: Client, text: CampaignText, page: str = "change") -> dict[str, str]:
    data = Fields(staff.get(address(text, page)).content.decode()).data
    data.pop("csrfmiddlewaretoken", None)
    return {name: value.strip().replace("\n", "\r\n") for name, value in data.items()}


def save(staff: Client, text: CampaignText, **fields: object) -> HttpResponse:
    return staff.post(address(text), form_of(staff, text) | fields)


def publish(staff: Client, text: CampaignText, **fields: str) -> HttpResponse:
    """After somebody has read the words and looked at the preview."""
    save(staff, text, reviewer="Rosa Example")
    staff.post(address(text, "preview"))
    return staff.post(address(text, "publish"), form_of(staff, text, "publish") | {"decision": "publish"} | fields)


def page(url: str = URL) -> str:
    return Client().get(url).content.decode()


def test_a_draft_is_seen_by_staff_only_until_it_is_published(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    before = page()
    save(staff, english, title="Water, now", summary="Water **belongs** to everyone.")

    assert page() == before
    preview = staff.get(address(english, "preview"))
    assert "no-store" in preview["Cache-Control"]
    publish(staff, english, confirmed="on")

    # The same bytes but for the consent text, whose version the form carries.
    consent = f' value="{ConsentText.objects.current(campaign, "en").pk}"'
    assert "<strong>belongs</strong>" in page()
    assert "changed on" in page()
    assert preview.content.decode() == page().replace(consent, "")
    assert Client().get(address(english, "preview")).status_code == 302


def test_a_preview_shows_a_campaign_that_is_a_draft_as_it_opens(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    Campaign.objects.update(state="draft")
    save(staff, english, consent_text="Another text by {organisation}.")

    html = staff.get(address(english, "preview")).content.decode()

    assert "Another text by Example Organisation." in html
    assert 'class="sign"' in html
    assert ConsentText.objects.filter(text__startswith="Another").count() == 0


def test_looking_at_the_preview_is_noted_for_the_words_as_they_are(staff: Client, english: CampaignText) -> None:
    staff.get(address(english, "preview"))
    english.refresh_from_db()
    assert not english.is_preview_seen

    response = save(staff, english, title="Water, now", _preview="")
    assert response["Location"] == address(english, "preview")

    english.refresh_from_db()
    assert not english.is_preview_seen
    assert english.with_draft().is_preview_seen
    assert english.previewed_by == "editor"


def test_staff_are_told_how_many_signed_and_must_say_that_they_know(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    make_signature(campaign, is_confirmed=True)
    make_signature(campaign, is_confirmed=True)
    make_signature(campaign)
    make_signature(campaign, is_confirmed=True, language="es")
    save(staff, english, demands="open all wells.", consent_text="I agree.")

    html = staff.get(address(english, "publish")).content.decode()
    assert "2 people have signed the words that you are about to change." in html
    assert "2 people have agreed to the consent text" in html
    assert "cannot be taken back" not in html
    publish(staff, english)
    assert "open all wells." not in page()
    publish(staff, english, confirmed="on")
    assert "open all wells." in page()

    # Those who sign from now on have signed the new words.
    make_signature(campaign, is_confirmed=True)
    save(staff, english, demands="open each well.")
    html = staff.get(address(english, "publish")).content.decode()
    assert "1 person has signed the words that you are about to change." in html


def test_each_publication_is_a_version_that_stays(staff: Client, campaign: Campaign, english: CampaignText) -> None:
    save(staff, english, title="Water, now")
    publish(staff, english, confirmed="on")
    save(staff, english, call_to_action="Sign today.")
    publish(staff, english)

    first, second, third = TextVersion.objects.of(campaign, "en")
    assert [row.words["title"] for row in (first, second, third)] == ["Water for all", "Water, now", "Water, now"]
    assert [row.published_by for row in (first, second, third)] == ["", "editor", "editor"]
    assert third.sha256 == CampaignText.objects.get(pk=english.pk).digest
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        TextVersion.objects.filter(pk=first.pk).update(language="es")
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        TextVersion.objects.filter(pk=first.pk).delete()
    html = staff.get(f"/admin/campaigns/textversion/{second.pk}/change/").content.decode()
    assert "Water, now" in html


def test_words_from_before_versions_were_kept_have_the_best_date_there_is(campaign: Campaign) -> None:
    migration = import_module("campaigns.migrations.0006_versions_stay")
    now = timezone.now()
    opened, agreed = now - timedelta(days=30), now - timedelta(days=9)
    Campaign.objects.update(opens_at=opened)
    ConsentText.objects.all().delete()
    make_consent = partial(ConsentText.objects.create, campaign=campaign, text="I agree.", sha256="0" * 64)
    make_consent(language="en", version=1, created_at=opened - timedelta(days=1))
    make_consent(language="es", version=1, created_at=agreed)
    make_consent(language="es", version=2)
    undated = make_text(Campaign.objects.create(slug="undated"), published_at=now)

    def dates() -> list[datetime | None]:
        with connection.cursor() as cursor:
            cursor.execute(migration.DATE)
        return list(CampaignText.objects.order_by("pk").values_list("published_at", flat=True))

    assert dates() == [opened, agreed, undated.published_at]
    CampaignText.objects.update(published_at=now)
    TextVersion.objects.create(campaign=campaign, language="en", version=1, words={}, sha256="0" * 64)
    Campaign.objects.update(opens_at=now + timedelta(days=1))
    assert dates() == [now, now, now]


def test_the_page_says_changed_only_where_somebody_may_have_signed_other_words(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    save(staff, english, call_to_action="Sign today.")
    publish(staff, english)
    assert "changed on" not in page()

    Campaign.objects.update(opens_at=timezone.now() + timedelta(days=1))
    save(staff, english, title="Water, soon")
    publish(staff, english)
    assert "changed on" not in page()

    Campaign.objects.update(opens_at=None)
    save(staff, english, title="Water, now")
    publish(staff, english, confirmed="on")
    assert "This text was written this year and changed on" in page()


def test_two_who_edit_at_once_are_told_and_who_saves_again_means_it(staff: Client, english: CampaignText) -> None:
    mine = form_of(staff, english)
    save(staff, english, title="Theirs")

    response = staff.post(address(english), mine | {"title": "Mine"})
    assert "These words were saved elsewhere" in response.content.decode()
    assert CampaignText.objects.get(pk=english.pk).draft["title"] == "Theirs"
    again = Fields(response.content.decode()).data
    staff.post(address(english), again)

    assert CampaignText.objects.get(pk=english.pk).draft == {"title": "Mine"}


def test_nobody_publishes_or_discards_words_that_they_have_not_seen(staff: Client, english: CampaignText) -> None:
    save(staff, english, call_heading="Act")
    seen = form_of(staff, english, "publish")
    save(staff, english, call_heading="Act now")

    for decision in ("publish", "discard"):
        staff.post(address(english, "publish"), seen | {"decision": decision})
        row = CampaignText.objects.get(pk=english.pk)
        assert (row.call_heading, row.draft) == ("What you can do", {"call_heading": "Act now"})
    publish(staff, english, decision="discard")

    assert CampaignText.objects.get(pk=english.pk).draft == {}


def test_a_translation_says_field_by_field_what_is_missing_and_what_is_out_of_date(
    staff: Client, campaign: Campaign, english: CampaignText, spanish: CampaignText
) -> None:
    services.save_words(words=spanish)
    save(staff, english, demands="open all wells.", places="Lima", title="Water, now")

    drafted = english.__class__.objects.get(pk=english.pk).with_draft()
    assert spanish.outdated(drafted) == ["title", "demands"]
    assert spanish.missing(drafted) == ["places"]
    html = staff.get(address(spanish)).content.decode()
    assert html.count(">out of date<") == 2
    assert html.count(">missing<") == 1
    assert '<div class="said" lang="en">open all wells.</div>' in html
    overview = staff.get(f"/admin/campaigns/campaign/{campaign.pk}/change/").content.decode()
    assert '<span class="to-do">2</span>: title, demands' in overview
    assert '<span class="to-do">1</span>: places' in overview

    # One is written anew and goes with its draft, the other still fits and goes with the words that are live.
    save(staff, spanish, demands="abra todos los pozos.", still_fit=["title"])
    spanish.refresh_from_db()
    assert spanish.with_draft().outdated(drafted) == []
    assert spanish.outdated(drafted) == ["demands"]
    publish(staff, spanish, decision="discard")
    spanish.refresh_from_db()
    assert spanish.with_draft().outdated(drafted) == ["demands"]


def test_a_new_language_is_nowhere_until_it_is_published(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    url = "/qu/water-for-all/"
    response = staff.post("/admin/campaigns/campaigntext/add/", {"campaign": campaign.pk, "language": "qu"})
    text = campaign.texts.get(language="qu")
    assert response["Location"] == address(text)
    fields = {name: getattr(english, name) for name in english.WORDS if name != "data_text"}
    save(staff, text, **fields)

    assert Client().get(url).status_code == 404
    assert "Runasimi" not in page()
    assert "/qu/" not in page("/sitemap.xml")
    assert Client().get("/api/v1/campaigns/water-for-all/").json()["languages"] == ["en", "es"]
    html = staff.get(address(text, "publish")).content.decode()
    assert f'<a href="{address(text)}#id_data_text">Your data: This field cannot be blank.</a>' in html
    assert "Once it is published, it cannot be taken back" in html
    assert "Reviewer: Somebody must have read this translation" in html
    staff.post(address(text, "publish"), {"edition": CampaignText.objects.get(pk=text.pk).with_draft().edition})
    assert Client().get(url).status_code == 404
    assert "Runasimi" in staff.get(address(text, "preview")).content.decode()

    save(staff, text, data_text="We keep little.", reviewer="Rosa Example")
    publish(staff, text)

    assert Client().get(url).status_code == 200
    assert "Runasimi" in page()
    assert "changed on" not in page(url)
    assert ConsentText.objects.current(campaign, "qu") is not None
    again = staff.post("/admin/campaigns/campaigntext/add/", {"campaign": campaign.pk, "language": "qu"})
    assert "This campaign has words in this language already." in again.content.decode()


def test_what_is_out_changes_only_to_words_that_are_whole_and_were_looked_at(
    staff: Client, english: CampaignText, spanish: CampaignText
) -> None:
    unseen = "Nobody has looked at the preview of these words."

    def problems(text: CampaignText) -> list[tuple[str, str]]:
        response = staff.get(address(text, "publish"))
        staff.post(address(text, "publish"), form_of(staff, text, "publish") | {"decision": "publish", "confirmed": ""})
        return [(name, said[:48]) for name, said in response.context["problems"]]

    save(staff, spanish, title="Agua, ya", key_figures="")
    save(staff, spanish, reviewer="Rosa Example")
    assert problems(spanish) == [
        ("key_figures", "key figures: The source text has words here."),
        ("", unseen),
    ]
    staff.post(address(spanish, "preview"))
    assert problems(spanish) == [("key_figures", "key figures: The source text has words here.")]
    save(staff, spanish, key_figures="3 | pozos cerrados")
    save(staff, spanish, reviewer="Rosa Example")
    assert problems(spanish) == [("", unseen)]
    assert "Agua, ya" not in page("/es/water-for-all/")
    staff.post(address(spanish, "preview"))
    assert problems(spanish) == []
    assert "Agua, ya" in page("/es/water-for-all/")

    # The source says itself what there is.
    save(staff, english, key_figures="")
    staff.post(address(english, "preview"))
    assert problems(english) == [("reviewer", "reviewer: Somebody must have read these words.")]
    save(staff, english, reviewer="Luz Example")
    assert problems(english) == []


def test_words_of_a_draft_are_published_before_anybody_has_looked_at_them(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    Campaign.objects.update(state="draft")
    save(staff, english, title="Water, now")

    html = staff.get(address(english, "publish")).content.decode()
    assert html.count("Nobody has looked at the preview of these words.") == 1
    staff.post(address(english, "publish"), form_of(staff, english, "publish") | {"decision": "publish"})

    assert campaign.texts.get(language="en").title == "Water, now"


def test_bad_structure_gets_a_message_beside_its_field(staff: Client, english: CampaignText) -> None:
    response = save(staff, english, key_figures="49 people", sections="x")

    assert set(response.context["adminform"].form.errors) == {"key_figures", "sections"}


def test_words_saved_unchanged_stay_the_files_words(staff: Client, db: None) -> None:
    loading.load("stand-with-victims-of-repression-in-peru")
    text = CampaignText.objects.get(language="es")

    assert save(staff, text).status_code == 302

    text.refresh_from_db()
    assert text.draft == {}
    outcomes = loading.load("stand-with-victims-of-repression-in-peru")
    assert [outcome.kept for outcome in outcomes] == [[], [], []]
    assert TextVersion.objects.count() == ConsentText.objects.count() == 2


def test_a_draft_takes_back_nothing_that_a_file_has_brought_meanwhile(staff: Client, english: CampaignText) -> None:
    save(staff, english, call_heading="Act")
    english.refresh_from_db()
    english.call_to_action = "From the file."
    services.save_words(words=english)

    publish(staff, english)

    english.refresh_from_db()
    assert (english.call_heading, english.call_to_action) == ("Act", "From the file.")


def test_a_translation_without_reviewer_is_marked(staff: Client, campaign: Campaign) -> None:
    url = "/admin/campaigns/campaigntext/"
    assert staff.get(url).content.decode().count("translation awaiting review") == 1

    CampaignText.objects.filter(language="es").update(reviewer="Rosa Example")

    html = staff.get(url).content.decode()
    assert "translation awaiting review" not in html
    assert "Rosa Example" in html
    assert "source text; awaiting review" in html


def test_lists_ask_the_same_number_of_questions_however_many_rows(staff: Client, campaign: Campaign) -> None:
    lists = ["", "campaign/", f"campaign/{campaign.pk}/change/", "campaigntext/"]

    def count() -> list[int]:
        found = []
        for url in lists:
            with CaptureQueriesContext(connection) as asked:
                assert staff.get(f"/admin/campaigns/{url}").status_code == 200
            found.append(len(asked))
        return found

    count()
    before = count()
    for number in range(3):
        other = Campaign.objects.create(slug=f"another-{number}")
        make_text(other)
    for language in ("qu", "ay"):
        make_text(campaign, language=language)
    assert count() == before


def test_html_is_made_when_words_are_saved_and_never_holds_what_was_typed_as_html(
    staff: Client, campaign: Campaign, english: CampaignText
) -> None:
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <b onclick=x>y</b>"
    sections = f"## A <i>heading</i>\n\n{hostile}"
    save(staff, english, **dict.fromkeys(CampaignText.MARKDOWN, hostile), sections=sections)
    publish(staff, english, confirmed="on")
    update = Update.objects.create(
        campaign=campaign, language="en", title="<b>T</b>", body=hostile, source="S", reviewer="R"
    )

    english.refresh_from_db()
    assert set(english.html) == {"of", *CampaignText.RENDERED}
    assert update.html["body"].startswith("<p>&lt;script&gt;")
    preview = staff.get(address(english, "preview")).content.decode()
    for html in (page(), page("/en/"), page(f"{URL}privacy/"), page(f"{URL}updates.atom"), preview):
        assert not re.search("<(b|i|script)[ >]", re.sub(OUR_SCRIPTS, "", html))
        assert 'href="javascript' not in html


def test_words_that_got_past_saving_are_rendered_as_they_are_read(campaign: Campaign) -> None:
    for html in ({}, {"of": "", "summary": "<p>Other words</p>"}):
        CampaignText.objects.update(html=html, summary="**Old**")

        assert "<strong>Old</strong>" in page()


def test_an_update_without_a_date_is_a_draft(staff: Client, campaign: Campaign) -> None:
    data = {"campaign": campaign.pk, "language": "en", "title": "They listened", "body": "They *listen*."}
    data |= {"published_at_0": "", "published_at_1": ""}
    url = "/admin/campaigns/update/add/"
    response = staff.post(url, data | {"source": " ", "reviewer": " "})
    assert set(response.context["adminform"].form.errors) == {"source", "reviewer"}

    staff.post(url, data | {"source": "Example News", "reviewer": "Rosa Example"})
    update = Update.objects.get()
    assert update.published_at is None
    assert "They listened" not in page() + page(f"{URL}updates.atom")
    assert "<em>listen</em>" in staff.get(f"/admin/campaigns/update/{update.pk}/change/").content.decode()

    Update.objects.update(published_at="2026-01-31T20:00:00-05:00")
    assert "<em>listen</em>" in page()
    assert "<published>2026-01-31T20:00:00-05:00</published>" in page(f"{URL}updates.atom")
    assert "s-maxage=5" in Client().get(f"{URL}updates.atom")["Cache-Control"]


def test_whoever_read_the_words_before_they_changed_has_not_read_them(staff: Client, spanish: CampaignText) -> None:
    def reviewer() -> str:
        return CampaignText.objects.get(pk=spanish.pk).with_draft().reviewer

    save(staff, spanish, alias="agua")
    assert reviewer() == "Rosa Example"
    save(staff, spanish, title="Agua, ya")
    assert reviewer() == ""
    staff.post(address(spanish, "preview"))
    staff.post(address(spanish, "publish"), form_of(staff, spanish, "publish") | {"confirmed": "on"})
    assert "Agua, ya" not in page("/es/water-for-all/")
    # The words that the name is for are back.
    save(staff, spanish, title="Agua para todas las personas")
    assert reviewer() == "Rosa Example"

    save(staff, spanish, title="Agua, ya")
    save(staff, spanish, reviewer="Rosa Example")
    save(staff, spanish, title="Agua, ya mismo")
    assert reviewer() == ""
    save(staff, spanish, title="Agua, hoy", reviewer="Luz Example")
    assert reviewer() == ""
    assert "so that the reviewer’s name is gone" in staff.get(address(spanish)).content.decode()
    publish(staff, spanish, confirmed="on")
    assert "Agua, hoy" in page("/es/water-for-all/")
    assert reviewer() == "Rosa Example"


def test_words_that_no_visitor_should_see_are_not_published(campaign: Campaign, spanish: CampaignText) -> None:
    # A draft from before it had a reviewer of its own.
    spanish.draft = {"title": "Agua, ya"}
    spanish.save()

    services.note_preview(text_id=spanish.pk, by="")

    with pytest.raises(ValidationError) as raised:
        services.publish_words(text_id=spanish.pk, edition=spanish.with_draft().edition, by="")
    assert set(raised.value.message_dict) == {"reviewer"}
