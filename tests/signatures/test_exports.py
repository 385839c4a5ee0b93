"""Exports: who is in them, what of each, and that a spreadsheet runs none of it."""

import csv
import hashlib
import io
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign
from signatures import exports, services
from signatures.exports import DEFUSED
from signatures.models import ExportRecord, Signature
from tests.helpers import log_in, make_campaign, make_rows, make_signature

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/signatures/signature/export/"
T = TypeVar("T")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def export(campaign: Campaign, preset: str = "addressee") -> list[list[str]]:
    data = b"".join(exports.export(campaign=campaign, preset=preset, purpose="test", staff=None))
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def undefused(value: str) -> str:
    """What was typed: the documented prefix taken off."""
    return value[1:] if DEFUSED.match(value) else value


def test_addressee_gets_number_name_and_country_of_counted_signers_who_allow_it(campaign: Campaign) -> None:
    make_signature(campaign, name="Ana Ñahui", country="PE", is_confirmed=True)
    make_signature(campaign, name="Beto Example", country="ES", is_confirmed=True)
    make_signature(campaign, name="Pending Example")
    make_signature(campaign, visibility="secret", is_confirmed=True)
    make_rows(make_campaign("land-for-all"), 1, name="Elsewhere Example")
    for verb, name in ((services.hold, "Held Example"), (services.reject, "Rejected Example")):
        make_signature(campaign, name=name, is_confirmed=True)
        verb(signatures=Signature.objects.filter(name=name), reason="test", staff=None)
    gone = make_signature(campaign, name="Withdrawn Example", is_confirmed=True)
    services.withdraw(signature_id=gone.pk)

    heading, *rows = export(campaign)

    assert heading == ["number", "name", "country"]
    assert [row[0] for row in rows] == ["1", "2"]
    assert sorted(row[1:] for row in rows) == [["Ana Ñahui", "PE"], ["Beto Example", "ES"]]
    record = ExportRecord.objects.get()
    assert (record.rows, record.unnamed) == (2, 1)


def test_addressee_gets_the_rows_in_no_order_that_tells_when_one_signed(campaign: Campaign) -> None:
    make_rows(campaign, 50)

    orders = [tuple(row[1] for row in export(campaign)[1:]) for _ in range(2)]

    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(f"Row {number}" for number in range(50))


def test_internal_export_has_states_and_dates_and_no_names(campaign: Campaign) -> None:
    ana = make_signature(campaign, name="Ana Example", email="ana@example.org", country="PE", is_confirmed=True)
    secret = make_signature(campaign, visibility="secret", country="ES", is_confirmed=True)
    services.reject(signatures=Signature.objects.filter(pk=secret.pk), reason="A test", staff=None)
    make_signature(campaign, name="Pending Example")

    rows = export(campaign, "internal")

    moments = [
        [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (row.created_at, row.confirmed_at)]
        for row in (ana, secret)
    ]
    assert rows == [
        [
            "id",
            "state",
            "moderation",
            "created_at",
            "confirmed_at",
            "language",
            "country",
            "moderation_reason",
        ],
        [str(ana.pk), "confirmed", "clear", *moments[0], "en", "PE", ""],
        [str(secret.pk), "confirmed", "rejected", *moments[1], "en", "ES", "A test"],
    ]


def elsewhere(ask: Callable[[], T]) -> T:
    """Asks over a connection of its own: this one is busy with the COPY."""

    def run() -> T:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\r\n\",;"), min_size=1, max_size=40
)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=1, max_size=20))
@example(
    names=["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''=1", "'Atahualpa", "'", "O'Higgins", "ع", "👩🏽‍🌾"]
)
def test_every_name_comes_back_as_it_was_typed_and_none_is_a_formula(campaign: Campaign, names: list[str]) -> None:
    Signature.objects.all().delete()
    for number, name in enumerate(names):
        make_rows(campaign, 1, name=name, fingerprint=number.to_bytes(32, "big"))

    values = [row[1] for row in export(campaign)[1:]]

    assert sorted(undefused(value) for value in values) == sorted(names)
    assert not [value for value in values if value[0] in "=+-@\t\r"]


def test_values_that_are_no_formula_stay_as_they_are(campaign: Campaign) -> None:
    names = ["'Atahualpa", "O'Higgins", "Ana-María", "José Ñahui"]
    for number, name in enumerate(names):
        make_rows(campaign, 1, name=name, fingerprint=number.to_bytes(32, "big"))

    assert sorted(row[1] for row in export(campaign)[1:]) == sorted(names)


def test_the_record_is_complete_only_after_the_last_byte(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    stream = exports.export(campaign=campaign, preset="addressee", purpose="for the ministry", staff=None)
    data = next(stream)
    record = elsewhere(ExportRecord.objects.get)
    assert (record.finished_at, record.rows, record.sha256) == (None, None, "")

    data += b"".join(stream)

    record.refresh_from_db()
    assert (record.purpose, record.rows, record.sha256) == ("for the ministry", 3, hashlib.sha256(data).hexdigest())
    assert record.finished_at is not None


def test_an_export_that_is_broken_off_says_so_and_leaves_the_connection_usable(campaign: Campaign) -> None:
    make_rows(campaign, 2000)
    stream = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None)
    next(stream)
    stream.close()

    record = ExportRecord.objects.get()
    assert (record.finished_at, record.rows) == (None, None)
    assert Signature.objects.count() == 2000


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("exporter", password="a password of some length", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def test_staff_with_the_permission_export_through_the_admin(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    client = staff("view_signature", "export_signature")

    assert URL in client.get("/admin/signatures/signature/").content.decode()
    response = client.post(URL, {"campaign": campaign.pk, "preset": "addressee", "purpose": "for the ministry"})

    data = b"".join(response.streaming_content)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "water-for-all-addressee-" in response["Content-Disposition"]
    assert len(data.decode().splitlines()) == 3
    record = ExportRecord.objects.get()
    assert (record.staff.username, record.preset, record.rows) == ("exporter", "addressee", 2)


def test_staff_without_the_permission_export_nothing(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    client = staff("view_signature", "moderate_signature")

    assert URL not in client.get("/admin/signatures/signature/").content.decode()
    assert client.get(URL).status_code == 403
    assert client.post(URL, {"campaign": campaign.pk, "preset": "addressee", "purpose": "x"}).status_code == 403
    assert not ExportRecord.objects.exists()


def test_an_export_needs_a_purpose_and_a_preset(campaign: Campaign) -> None:
    client = staff("view_signature", "export_signature")

    response = client.post(URL, {"campaign": campaign.pk, "preset": "everything", "purpose": ""})

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"preset", "purpose"}
    assert not ExportRecord.objects.exists()


def test_the_command_writes_bytes_to_standard_output_and_a_record(campaign: Campaign) -> None:
    make_rows(campaign, 1, name="José Ñahui")
    root = Path(__file__).parents[2]
    database = connections["default"].settings_dict
    program = (
        "import sys, django; from django.conf import settings; django.setup();"
        f"settings.DATABASES['default']['NAME'] = {database['NAME']!r};"
        "from django.core.management import execute_from_command_line as run;"
        "run(['manage.py', 'export_signatures', 'water-for-all', '--preset', 'addressee', '--purpose', 'a test'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, check=False)

    assert done.stderr == b""
    assert done.stdout == "number,name,country\n1,José Ñahui,PE\n".encode()
    record = ExportRecord.objects.get()
    assert (record.staff, record.purpose, record.rows) == (None, "a test", 1)
    assert record.sha256 == hashlib.sha256(done.stdout).hexdigest()


def test_the_command_says_what_is_wrong(campaign: Campaign) -> None:
    with pytest.raises(CommandError, match=r"There is no campaign “elsewhere”\. There are: water-for-all\."):
        call_command("export_signatures", "elsewhere", preset="addressee", purpose="test")
    with pytest.raises(CommandError, match=r"--purpose needs between 1 and 200 characters\."):
        call_command("export_signatures", "water-for-all", preset="addressee", purpose=" ")
    with pytest.raises(CommandError, match="invalid choice: 'all'"):
        call_command("export_signatures", "water-for-all", "--preset", "all", "--purpose", "test")
