"""Deliveries in the admin: looked at before they are made, approved by another, taken, recorded, answered."""

import io
import re
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services
from signatures.deliveries.working import work
from signatures.models import Delivery, DeliveryScan, ExportRecord, Pack, Signature
from tests.helpers import log_in, make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/signatures/delivery/"
TODAY = timezone.localdate().isoformat()


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign(postal_address="Jirón Example 1\nLima")
    for name in ("Ana Example", "Beto Example"):
        make_signature(campaign, name=name, is_confirmed=True)
    make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    return campaign


def enter(name: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_delivery", "make_delivery"]))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


@pytest.fixture
def wayra() -> Client:
    return enter("wayra")


@pytest.fixture
def sami() -> Client:
    return enter("sami")


def filled(campaign: Campaign, **fields: Any) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "day": TODAY,
        "place": "Lima",
        "volume_megabytes": "10",
        "subject_es": "Entrega de {signatures} firmas",
        "body_es": "Entregamos {names} nombres al {addressee}.\n\n**Atentamente**",
        "subject_en": "",
        "body_en": "",
        "seen": "",
    } | fields


def html_of(response: HttpResponse) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def seen(client: Client, data: dict[str, Any]) -> dict[str, Any]:
    """The same data, with what the page with the preview adds to it."""
    page = html_of(client.post(f"{LIST}add/", data | {"decision": "preview"}))
    digest = re.search(r'name="seen" value="(\w{64})"', page)
    assert digest
    return data | {"seen": digest[1], "decision": "make"}


def make(client: Client, campaign: Campaign, **fields: Any) -> Delivery:
    response = client.post(f"{LIST}add/", seen(client, filled(campaign, **fields)))
    assert response.status_code == 302
    work()
    return Delivery.objects.latest("pk")


def decide(client: Client, delivery: Delivery, decision: str, **data: str) -> HttpResponse:
    return client.post(f"{LIST}{delivery.pk}/decide/", {"decision": decision, **data})


def approved(client: Client, other: Client, campaign: Campaign) -> Delivery:
    delivery = make(client, campaign)
    assert decide(other, delivery, "approve").status_code == 302
    work()
    delivery.refresh_from_db()
    return delivery


def handed_over(client: Client, other: Client, campaign: Campaign) -> Delivery:
    delivery = approved(client, other, campaign)
    data = {"on": TODAY, "how": "at the desk", "to_whom": "Mesa de partes", "pack": delivery.packs.get().pk}
    assert client.post(f"{LIST}{delivery.pk}/hand-over/", data).status_code == 302
    delivery.refresh_from_db()
    return delivery


def test_the_way_there_is_on_the_campaigns_page_for_who_may(campaign: Campaign) -> None:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("boss"))
    link = f'href="{LIST}add/?campaign={campaign.pk}"'
    assert link in html_of(client.get(f"/admin/campaigns/campaign/{campaign.pk}/change/"))


def test_before_it_is_made_staff_see_its_numbers_and_its_letters(campaign: Campaign, wayra: Client) -> None:
    page = html_of(wayra.get(f"{LIST}add/?campaign={campaign.pk}"))
    assert "<dt>Signatures</dt><dd>3</dd> <dt>With name and country</dt><dd>2</dd>" in page
    assert "De nuestra mayor consideración:" in page
    assert 'value="make"' not in page

    page = html_of(wayra.post(f"{LIST}add/", filled(campaign, decision="preview")))
    assert "<h2>Entrega de 3 firmas</h2>" in page
    assert "<p>Entregamos 2 nombres al Ministry of Water.</p> <p><strong>Atentamente</strong></p>" in page
    assert 'value="make"' in page
    assert not Delivery.objects.exists()


def test_the_letter_can_be_looked_at_as_it_will_be_printed(campaign: Campaign, wayra: Client) -> None:
    response = wayra.post(f"{LIST}add/", filled(campaign, decision="pdf"))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")


def test_what_was_not_looked_at_is_not_made(campaign: Campaign, wayra: Client) -> None:
    page = html_of(wayra.post(f"{LIST}add/", filled(campaign, decision="make")))
    assert "Look at it again" in page
    looked_at = seen(wayra, filled(campaign))
    page = html_of(wayra.post(f"{LIST}add/", looked_at | {"place": "Cusco"}))
    assert "Look at it again" in page
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"body_es": "{sigantures} firmas"}, "This means nothing here: {sigantures}."),
        ({"body_es": "Un {cierre} y un }"}, "This means nothing here: {cierre} }."),
        ({"body_es": ""}, "This field is required."),
        ({"body_en": "A letter", "subject_en": ""}, "A letter has a subject."),
        ({"day": "2020-01-01"}, "This day is over."),
        ({"volume_megabytes": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_mistake_is_named_and_nothing_typed_is_lost(
    campaign: Campaign, wayra: Client, wrong: dict[str, str], said: str
) -> None:
    data = filled(campaign, **wrong)
    page = html_of(wayra.post(f"{LIST}add/", data | {"decision": "make"}))
    assert said in page
    assert data["subject_es"] in page
    assert not Delivery.objects.exists()


def test_a_second_person_approves_and_the_first_cannot(campaign: Campaign, wayra: Client, sami: Client) -> None:
    delivery = make(wayra, campaign)
    url = f"{LIST}{delivery.pk}/change/"
    assert 'value="approve"' not in html_of(wayra.get(url))
    assert decide(wayra, delivery, "approve").status_code == 403
    assert 'value="approve"' in html_of(sami.get(url))
    assert decide(sami, delivery, "approve").status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.decided_by.username) == ("approved", "sami")
    assert "meanwhile" in html_of(client_follow(sami, delivery, "approve"))


def client_follow(client: Client, delivery: Delivery, decision: str) -> HttpResponse:
    return client.post(f"{LIST}{delivery.pk}/decide/", {"decision": decision}, follow=True)


def test_the_page_looks_again_while_something_is_under_way(campaign: Campaign, wayra: Client, sami: Client) -> None:
    wayra.post(f"{LIST}add/", seen(wayra, filled(campaign)))
    delivery = Delivery.objects.get()
    url = f"{LIST}{delivery.pk}/change/"
    assert wayra.get(url)["Refresh"] == "3"
    work()
    assert "Refresh" not in wayra.get(url)
    decide(sami, delivery, "approve")
    assert wayra.get(url)["Refresh"] == "3"
    Pack.objects.update(state="making", done=1)
    assert '<progress id="progress" value="1" max="2">' in html_of(wayra.get(url))


def test_the_pack_is_downloaded_by_a_button_and_accounted_for(campaign: Campaign, wayra: Client, sami: Client) -> None:
    delivery = approved(wayra, sami, campaign)
    url = f"{LIST}{delivery.pk}/pack/{delivery.packs.get().pk}/"
    assert wayra.get(url).status_code == 405
    response = wayra.post(url)
    assert response["Content-Disposition"] == f'attachment; filename="water-for-all-{TODAY}.zip"'
    assert "lista.csv" in ZipFile(io.BytesIO(b"".join(response.streaming_content))).namelist()
    assert ExportRecord.objects.get().finished_at
    services.pause_site(reason="test", staff=None)
    assert "paused" in html_of(wayra.post(url, follow=True))


def test_a_pack_that_is_outdated_says_so_and_is_made_again_by_a_button(
    campaign: Campaign, wayra: Client, sami: Client
) -> None:
    delivery = approved(wayra, sami, campaign)
    services.withdraw(signature_id=Signature.objects.filter(name="Ana Example").get().pk)
    url = f"{LIST}{delivery.pk}/change/"
    page = html_of(wayra.get(url))
    assert "<strong>Outdated</strong>" in page
    assert "Download the pack" not in page
    assert "meanwhile" in html_of(wayra.post(f"{LIST}{delivery.pk}/pack/{delivery.packs.get().pk}/", follow=True))
    work()
    assert decide(wayra, delivery, "make_again").status_code == 302
    work()
    assert "1 with a name, 1 as a number, 1 taken back since it was frozen" in html_of(wayra.get(url))


def test_withdrawing_asks_for_a_reason(campaign: Campaign, wayra: Client) -> None:
    delivery = make(wayra, campaign)
    assert "This field is required." in html_of(decide(wayra, delivery, "withdraw", reason=""))
    assert decide(wayra, delivery, "withdraw", reason="wrong day").status_code == 302
    page = html_of(wayra.get(f"{LIST}{delivery.pk}/change/"))
    assert "wrong day" in page
    assert 'value="withdraw"' not in page
    assert "Entregamos {names} nombres" in html_of(wayra.get(f"{LIST}add/?campaign={campaign.pk}"))


def test_handing_over_is_recorded_with_its_numbers_and_corrected_later(
    campaign: Campaign, wayra: Client, sami: Client
) -> None:
    delivery = approved(wayra, sami, campaign)
    url = f"{LIST}{delivery.pk}/hand-over/"
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    data = {"on": tomorrow, "how": "at the desk", "to_whom": "Mesa", "pack": delivery.packs.get().pk}
    assert "This day has not come yet." in html_of(wayra.post(url, data))
    assert wayra.post(url, data | {"on": TODAY}).status_code == 302
    assert wayra.post(url, data | {"on": TODAY, "receipt_number": "C-17", "case_number": "E-4"}).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.receipt_number, delivery.case_number) == ("handed", "C-17", "E-4")
    page = html_of(wayra.get(f"{LIST}{delivery.pk}/change/"))
    assert "C-17" in page
    assert "Nobody in the list has taken anything back since." in page
    assert LogEntry.objects.filter(object_id=delivery.pk, content_type__model="delivery").count() == 4


def test_numbers_to_tell_are_shown_without_a_name(campaign: Campaign, wayra: Client, sami: Client) -> None:
    delivery = handed_over(wayra, sami, campaign)
    ana = Signature.objects.get(name="Ana Example")
    number = ana.delivered.number
    services.erase(signature_id=ana.pk)
    page = html_of(wayra.get(f"{LIST}{delivery.pk}/change/"))
    assert f"<li>{number}: erased</li>" in page
    assert "Ana" not in page


def test_an_answer_is_recorded_with_its_text(campaign: Campaign, wayra: Client, sami: Client) -> None:
    delivery = handed_over(wayra, sami, campaign)
    url = f"{LIST}{delivery.pk}/answer/"
    data = {"on": TODAY, "answer": "Hemos recibido la petición.", "language": "es"}
    assert "It was handed over after this day." in html_of(wayra.post(url, data | {"on": "2020-01-01"}))
    assert wayra.post(url, data).status_code == 302
    page = html_of(wayra.get(f"{LIST}{delivery.pk}/change/"))
    assert '<blockquote lang="es"><p>Hemos recibido la petición.</p></blockquote>' in page


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cargo.pdf", b"<html>", "This is no PDF, JPEG or PNG."),
        ("cargo.pdf", b"%PDF-" + b"x" * (10 * 1024 * 1024), "This file is larger than 10 MB."),
        ("cargo.pdf", b"", "The submitted file is empty."),
    ],
)
def test_only_what_is_a_scan_is_taken(
    campaign: Campaign, wayra: Client, sami: Client, name: str, data: bytes, said: str
) -> None:
    delivery = handed_over(wayra, sami, campaign)
    response = wayra.post(f"{LIST}{delivery.pk}/scan/", {"scan": SimpleUploadedFile(name, data)})
    assert said in html_of(response)
    assert not DeliveryScan.objects.exists()


def test_a_scan_comes_back_as_it_was_under_a_name_of_ours_and_can_be_deleted(
    campaign: Campaign, wayra: Client, sami: Client
) -> None:
    delivery = handed_over(wayra, sami, campaign)
    scan = SimpleUploadedFile('a"b.pdf', b"%PDF-1.7 stamped", content_type="text/html")
    assert wayra.post(f"{LIST}{delivery.pk}/scan/", {"scan": scan}).status_code == 302
    row = DeliveryScan.objects.get()
    response = wayra.get(f"{LIST}{delivery.pk}/scan/{row.pk}/")
    assert response.content == b"%PDF-1.7 stamped"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="scan-{row.pk}.pdf"'
    assert wayra.post(f"{LIST}{delivery.pk}/scan/{row.pk}/").status_code == 302
    assert not DeliveryScan.objects.exists()
    assert wayra.get(f"{LIST}{delivery.pk}/scan/{row.pk}/").status_code == 404
