"""One press pauses exports and public names for the whole site, and the account of it is kept."""

import re
import threading
from collections.abc import Iterator
from typing import TypeVar

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from campaigns.models import Campaign
from signatures import exports, pausing, services, tokens
from signatures.exports import streaming
from signatures.models import ExportRecord, ExportRequest, PauseAct, Signature
from tests.helpers import elsewhere, log_in, make_campaign, make_many, make_rows, make_signature, page_of

ADMIN, PAUSE, RESUME = "/admin/", "/admin/signatures/pauseact/pause/", "/admin/signatures/pauseact/resume/"
PAGE = "/en/water-for-all/"
THANKS = "/en/water-for-all/thanks/"
T = TypeVar("T")


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("one", is_staff=True)


def pause() -> None:
    assert services.pause_site(reason="a list has leaked", staff=None)


def client_with(staff: User, *permissions: str) -> Client:
    staff.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, staff)
    return client


def test_a_pause_takes_names_off_the_page_without_another_query(
    client: Client, campaign: Campaign, django_assert_num_queries: object
) -> None:
    make_rows(campaign, 1, name="Public Example", visibility="public")
    client.get(PAGE)
    with django_assert_num_queries(9) as before:  # type: ignore[operator]
        shown = client.get(PAGE)
    pause()
    with django_assert_num_queries(len(before)):  # type: ignore[operator]
        hidden = client.get(PAGE)

    assert "Public Example" in shown.content.decode()
    assert "stale-if-error" not in shown["Cache-Control"]
    assert "Public Example" not in hidden.content.decode()
    assert "They have signed" not in hidden.content.decode()

    services.resume_site(reason="it was another list", staff=None)
    assert "Public Example" in client.get(PAGE).content.decode()


def test_thanks_neither_offers_nor_claims_that_a_name_is_shown(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Example")
    client.post(f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/")
    pause()

    assert "Show your name on the page?" not in client.get(THANKS).content.decode()
    client.post(THANKS)
    signature.refresh_from_db()
    assert signature.visibility == "delivered"

    Signature.objects.update(visibility="public")
    html = client.get(THANKS).content.decode()
    assert "Your name is shown" not in html
    assert "shows no names at the moment" in html


def test_the_own_page_does_not_offer_the_page_and_keeps_what_was_chosen(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Example", is_confirmed=True)
    address = page_of(signature, fresh=True)
    offered = 'name="visibility" value="public"'
    assert offered in client.get(address).content.decode()
    pause()

    html = client.get(address).content.decode()
    assert offered not in html
    assert "shows no names at the moment" in html
    change = {"visibility": "public", "name": "Ana Example", "country": "PE", "agrees": "on"}
    assert client.post(f"{address}change/", change).status_code == 422

    Signature.objects.update(visibility="public")
    assert offered in client.get(address).content.decode()
    assert client.post(f"{address}change/", change).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_no_list_leaves_while_the_site_is_paused(staff: User) -> None:
    campaign = make_campaign()
    make_rows(campaign, 2)
    approved = ExportRequest.objects.create(
        staff=staff, campaign=campaign, preset="addressee", form="comma", purpose="test", rows=2
    )
    colleague = User.objects.create_user("two", is_staff=True)
    exports.decide(request_id=approved.pk, is_approved=True, staff=colleague)
    pause()

    with pytest.raises(exports.Paused):
        exports.export(campaign=campaign, preset="numbers", purpose="test", staff=None)
    with pytest.raises(CommandError, match="Exports are paused"):
        call_command("export_signatures", campaign.slug, preset="addressee", purpose="test")
    client = client_with(staff, "export_signature")
    asked = {"campaign": campaign.pk, "preset": "addressee", "form": "comma", "purpose": "test"}
    for address, data in (("", asked), (f"{approved.pk}/download/", {})):
        response = client.post(f"/admin/signatures/signature/export/{address}", data, follow=True)
        assert "Exports are paused for the whole site. Nothing was exported" in response.content.decode()
    assert not ExportRecord.objects.exists()

    services.resume_site(reason="over", staff=None)
    download = exports.collect(request_id=approved.pk, staff=staff)  # it was not used up
    assert download is not None
    assert b"".join(download.chunks).count(b"\r\n") == 3


@pytest.mark.django_db(transaction=True)
def test_an_export_under_way_breaks_off_at_the_next_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make_campaign()
    make_many(campaign, 20_000)
    monkeypatch.setattr(streaming, "LOOK_EVERY", 0)
    chunks = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks

    got = next(chunks)
    elsewhere(pause)
    with pytest.raises(exports.Paused):
        next(chunks)

    assert got.count(b"\r\n") < 18_000
    record = ExportRecord.objects.get()
    assert (record.finished_at, record.sha256) == (None, "")
    assert record.broken_off_at
    services.resume_site(reason="over", staff=None)
    chunks = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks
    assert sum(chunk.count(b"\r\n") for chunk in chunks) == 18_001


@pytest.mark.django_db(transaction=True)
def test_an_export_that_waits_for_its_first_row_breaks_off_too_and_asks_no_more() -> None:
    campaign = make_campaign()
    make_rows(campaign, 30)
    aside = connection.copy()
    chunks = exports.export(campaign=campaign, preset="internal", purpose="test", staff=None).chunks
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE signatures_signature")
            pausing_soon = threading.Timer(0.5, elsewhere, [pause])
            pausing_soon.start()
            with pytest.raises(exports.Paused):
                elsewhere(lambda: next(chunks))
            pausing_soon.join()
            with aside.cursor() as other:
                other.execute("SELECT query FROM pg_stat_activity WHERE datname = current_database()")
                assert [query for (query,) in other.fetchall() if query.startswith("COPY")] == []
    finally:
        aside.close()

    assert ExportRecord.objects.get().broken_off_at


@pytest.fixture
def presses(staff: User) -> Iterator[Client]:
    yield client_with(staff, "pause_site", "view_signature")


def test_one_press_on_the_start_page_is_enough_and_what_it_does_stands_beside_it(presses: Client, staff: User) -> None:
    html = presses.get(ADMIN).content.decode()
    form = html[html.index('<form class="press"') :]
    form = form[: form.index("</form>")]
    assert f'method="post" action="{PAUSE}"' in form
    assert "no list is exported, a download under way breaks off, no page shows a name" in form
    assert "Only an administrator can end the pause." in form
    assert re.findall(r'<input[^>]* name="(\w+)"', form) == ["csrfmiddlewaretoken"]
    browser = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    browser.cookies = presses.cookies
    assert browser.post(PAUSE).status_code == 403
    assert not pausing.is_on()

    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    response = browser.post(PAUSE, {"csrfmiddlewaretoken": token}, follow=True)

    act = PauseAct.objects.get()
    assert (act.action, act.staff, act.reason) == ("pause", staff, "")
    html = response.content.decode()
    assert re.search(r"Since [^<]*, by one\.", html)
    assert '<form class="press"' not in html


def test_its_page_says_what_will_happen_and_has_room_for_a_reason(presses: Client, staff: User) -> None:
    html = presses.get(PAUSE).content.decode()
    assert "Only an administrator can end the pause." in html
    assert "Whoever asks for a copy of their own data still gets it" in html
    assert not pausing.is_on()

    response = presses.post(PAUSE, {"reason": "a list has leaked"}, follow=True)

    assert "Exports and public names are paused." in response.content.decode()
    act = PauseAct.objects.get()
    assert (act.action, act.staff, act.reason) == ("pause", staff, "a list has leaked")
    for address in (ADMIN, "/admin/password_change/", "/admin/signatures/signature/"):
        html = presses.get(address).content.decode()
        assert "Exports and public names are paused for the whole site." in html
        assert "by one: a list has leaked" in html
        assert "An administrator can end it." in html
    assert presses.get(RESUME).status_code == 403
    assert presses.post(RESUME, {"reason": "over"}).status_code == 403
    assert presses.post(PAUSE, {"reason": "again"}).status_code == 302
    assert PauseAct.objects.count() == 1


def test_one_more_press_ends_the_pause_and_both_are_kept(staff: User) -> None:
    pause()
    client = client_with(staff, "resume_site", "view_pauseact")
    assert RESUME in client.get(ADMIN).content.decode()
    for fields in ({}, {"reason": " "}):
        assert client.post(RESUME, fields).status_code == 200
        assert pausing.is_on()

    client.post(RESUME, {"reason": "it was another list"})

    assert not pausing.is_on()
    assert list(PauseAct.objects.order_by("pk").values_list("action", flat=True)) == ["pause", "resume"]
    assert "it was another list" in client.get("/admin/signatures/pauseact/").content.decode()
    for change in (PauseAct.objects.all().delete, lambda: PauseAct.objects.update(reason="nothing")):
        with pytest.raises(DatabaseError, match="The account of pauses is kept"), transaction.atomic():
            change()


def test_nobody_without_the_login_is_told_of_a_pause(client: Client, db: None) -> None:
    pause()

    assert "paused" not in client.get("/admin/login/").content.decode()
