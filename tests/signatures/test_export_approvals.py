"""Long lists of names leave only with the yes of a second person, once, within a day."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import exports
from signatures.models import ExportRecord, ExportRequest
from tests.helpers import log_in, make_campaign, make_many, make_rows

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/signatures/signature/export/"
ASKED = {"preset": "addressee", "form": "comma", "purpose": "for the ministry"}


@pytest.fixture
def campaign(settings: Any) -> Campaign:
    settings.EXPORT_APPROVAL = True
    campaign = make_campaign()
    make_many(campaign, 1200)  # of whom 1,080 have a row for the addressee
    return campaign


def person(name: str, *permissions: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions or ["export_signature"]))
    return user


def client_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def request_of(user: User, campaign: Campaign) -> ExportRequest:
    return exports.ask(campaign=campaign, preset="addressee", form="comma", purpose="for the ministry", staff=user)


def test_a_second_person_approves_and_the_first_downloads_once(campaign: Campaign) -> None:
    ana, beto = person("ana"), person("beto")
    first, second = client_of(ana), client_of(beto)

    page = first.post(URL, ASKED | {"campaign": campaign.pk}, follow=True).content.decode()
    asked = ExportRequest.objects.get()
    assert (asked.staff, asked.rows, asked.purpose) == (ana, 1080, "for the ministry")
    assert "waiting for a second person" in page
    assert not ExportRecord.objects.exists()
    assert "There is nothing to download" in first.post(f"{URL}{asked.pk}/download/", follow=True).content.decode()

    page = second.get(URL).content.decode()
    assert "1,080 rows" in page
    assert f"{URL}{asked.pk}/decide/" in page
    done = second.post(f"{URL}{asked.pk}/decide/", {"decision": "approve"}, follow=True)
    assert "Approved." in done.content.decode()
    # Whoever approves does not get it.
    assert "There is nothing to download" in second.post(f"{URL}{asked.pk}/download/", follow=True).content.decode()

    assert f"{URL}{asked.pk}/download/" in first.get(URL).content.decode()
    response = first.post(f"{URL}{asked.pk}/download/")
    assert len(b"".join(response.streaming_content).splitlines()) == 1081
    record = ExportRecord.objects.get()
    assert (record.staff, record.approved_by, record.rows, record.unnamed) == (ana, beto, 1080, 120)
    assert "There is nothing to download" in first.post(f"{URL}{asked.pk}/download/", follow=True).content.decode()
    assert ExportRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("preset", "rows", "is_on", "asks"),
    [
        ("addressee", 1000, True, False),
        ("addressee", 1001, True, True),
        ("addressee", 1001, False, False),
        ("news", 1001, True, True),
        ("internal", 1001, True, False),
        ("numbers", 1001, True, False),
    ],
)
def test_only_lists_of_more_than_a_thousand_names_need_it(
    settings: Any, preset: str, rows: int, is_on: bool, asks: bool
) -> None:
    settings.EXPORT_APPROVAL = is_on
    campaign = make_campaign()
    make_rows(campaign, rows, wants_updates=True)

    response = client_of(person("ana")).post(URL, ASKED | {"campaign": campaign.pk, "preset": preset})

    assert (response.status_code, ExportRequest.objects.count()) == ((302, 1) if asks else (200, 0))
    if not asks:
        assert b"".join(response.streaming_content)


def test_nobody_decides_on_their_own_request(campaign: Campaign) -> None:
    ana = person("ana")
    asked = request_of(ana, campaign)
    client = client_of(ana)

    assert "decide" not in client.get(URL).content.decode()
    assert client.post(f"{URL}{asked.pk}/decide/", {"decision": "approve"}).status_code == 403
    with pytest.raises(exports.OwnRequest):
        exports.decide(request_id=asked.pk, is_approved=True, staff=ana)
    with pytest.raises(IntegrityError, match="export_decided_by_somebody_else"):
        ExportRequest.objects.update(is_approved=True, decided_by=ana, decided_at=timezone.now())
    with pytest.raises(IntegrityError, match="export_approved_by_somebody_else"):
        ExportRecord.objects.create(staff=ana, approved_by=ana, campaign=campaign, preset="addressee")


@pytest.mark.parametrize("permission", ["export_numbers", "view_signature", "moderate_signature"])
def test_who_has_no_right_to_names_neither_sees_nor_decides_nor_downloads(campaign: Campaign, permission: str) -> None:
    asked = request_of(person("ana"), campaign)
    other = person("other", permission)
    client = client_of(other)

    assert "decide" not in client.get(URL).content.decode()
    assert client.post(f"{URL}{asked.pk}/decide/", {"decision": "approve"}).status_code == 403
    assert client.post(f"{URL}{asked.pk}/download/").status_code == 403
    assert ExportRequest.objects.get().decided_at is None


def test_an_approval_holds_for_a_day(campaign: Campaign) -> None:
    ana, beto = person("ana"), person("beto")
    for hours, is_there in ((23, True), (25, False)):
        asked = request_of(ana, campaign)
        decided_at = timezone.now() - timedelta(hours=hours)
        ExportRequest.objects.filter(pk=asked.pk).update(is_approved=True, decided_by=beto, decided_at=decided_at)
        asked.refresh_from_db()

        assert asked.is_ready is is_there
        assert (exports.collect(request_id=asked.pk, staff=ana) is not None) is is_there
    assert str(asked.outcome) == "approved, not downloaded in time"


def test_what_is_refused_or_decided_stays_so(campaign: Campaign) -> None:
    ana, beto, carla = person("ana"), person("beto"), person("carla")
    asked = request_of(ana, campaign)
    beto_client = client_of(beto)

    assert beto_client.post(f"{URL}{asked.pk}/decide/", {"decision": "perhaps"}).status_code == 403
    assert beto_client.get(f"{URL}{asked.pk}/decide/").status_code == 405
    page = beto_client.post(f"{URL}{asked.pk}/decide/", {"decision": "refuse"}, follow=True).content.decode()
    assert "Refused." in page
    late = client_of(carla).post(f"{URL}{asked.pk}/decide/", {"decision": "approve"}, follow=True).content.decode()
    assert "Somebody else has decided on this request already." in late
    assert "refused" in client_of(ana).get(URL).content.decode()
    assert exports.collect(request_id=asked.pk, staff=ana) is None

    for change, says in (
        ("UPDATE signatures_exportrequest SET is_approved = true", "only be decided once"),
        ("UPDATE signatures_exportrequest SET purpose = 'another'", "only be decided once"),
        ("DELETE FROM signatures_exportrequest", "cannot be deleted"),
    ):
        with pytest.raises(DatabaseError, match=says), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


@pytest.mark.parametrize("n", [1, 30])
def test_the_page_asks_as_often_for_thirty_requests_as_for_one(
    campaign: Campaign, django_assert_num_queries: object, n: int
) -> None:
    ana, beto = person("ana"), person("beto")
    for staff in [ana, beto] * n:
        request_of(staff, campaign)
        ExportRecord.objects.create(staff=staff, campaign=campaign, preset="addressee", form="comma")
    client = client_of(ana)

    with django_assert_num_queries(10):  # type: ignore[operator]
        assert client.get(URL).status_code == 200
