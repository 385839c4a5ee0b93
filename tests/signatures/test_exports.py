"""Exports: who is in them, what of each, in which form, and that a spreadsheet runs none of it."""

import csv
import hashlib
import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign, ConsentText
from campaigns.services import publish_consent
from signatures import exports, services, tally
from signatures.exports import DEFUSED, copying, streaming
from signatures.models import ConsentEvent, ExportRecord, Signature, Tally
from tests.helpers import elsewhere, log_in, make_campaign, make_many, make_rows, make_signature

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/signatures/signature/export/"
ASKED = {"preset": "addressee", "form": "comma", "purpose": "for the ministry"}
T = TypeVar("T")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def read(data: bytes, form: str = "comma") -> list[list[str]]:
    """As a program reads a file of that form."""
    encoding = "utf-8" if form == "machine" else "utf-8-sig"
    delimiter = ";" if form == "semicolon" else ","
    return list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))


def sent(campaign: Campaign, preset: str = "addressee", form: str = "comma") -> bytes:
    download = exports.export(campaign=campaign, preset=preset, form=form, purpose="test", staff=None)
    return b"".join(download.chunks)


def export(campaign: Campaign, preset: str = "addressee", form: str = "comma") -> list[list[str]]:
    return read(sent(campaign, preset, form), form)


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


def test_internal_export_has_dates_and_the_reason_of_the_last_review_and_no_names(campaign: Campaign) -> None:
    ana = make_signature(campaign, name="Ana Example", email="ana@example.org", country="PE", is_confirmed=True)
    secret = make_signature(campaign, visibility="secret", country="ES", is_confirmed=True)
    rejected = make_signature(campaign, name="Rejected Example", is_confirmed=True)
    make_signature(campaign, name="Pending Example")
    for verb, row, reason in (
        (services.hold, ana, "Looks like a test"),
        (services.release, ana, "She wrote to us"),
        (services.reject, rejected, "An insult"),
    ):
        verb(signatures=Signature.objects.filter(pk=row.pk), reason=reason, staff=None)

    def moments(row: Signature) -> list[str]:
        return [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (row.created_at, row.confirmed_at)]

    assert export(campaign, "internal", "machine") == [
        ["id", "created_at", "confirmed_at", "language", "country", "moderation_reason"],
        [str(ana.pk), *moments(ana), "en", "PE", "She wrote to us"],
        [str(secret.pk), *moments(secret), "en", "ES", ""],
    ]


def test_moments_are_in_lima_for_people_and_in_utc_for_programs(campaign: Campaign) -> None:
    at = datetime(2026, 3, 1, 3, 4, 5, tzinfo=UTC)
    make_rows(campaign, 1, created_at=at, confirmed_at=at)

    assert export(campaign, "internal", "comma")[1][1:3] == ["2026-02-28T22:04:05-05:00"] * 2
    assert export(campaign, "internal", "machine")[1][1:3] == ["2026-03-01T03:04:05Z"] * 2


def test_news_goes_to_those_who_want_it_with_the_text_that_they_said_yes_to(campaign: Campaign) -> None:
    early = make_signature(campaign, name="Ana Example", email="ana@example.org", is_confirmed=True, wants_updates=True)
    late = make_signature(campaign, name="Beto Example", email="beto@example.org", is_confirmed=True)
    secret = make_signature(
        campaign, email="secret@example.org", visibility="secret", country="ES", is_confirmed=True, wants_updates=True
    )
    for fields in (
        {"is_confirmed": True},
        {"wants_updates": True},
        {"is_confirmed": True, "wants_updates": True, "email": "held@example.org"},
    ):
        make_signature(campaign, **fields)
    services.hold(signatures=Signature.objects.filter(email="held@example.org"), reason="test", staff=None)
    campaign.texts.update(consent_text="I agree, and have read the newer words of {organisation}.")
    publish_consent(campaign=campaign)
    newer = ConsentText.objects.current(campaign, "es")
    assert newer is not None
    assert newer.version == 2
    services.set_news(signature_id=late.pk, is_wanted=True, consent=newer)
    # What is agreed to about the name says nothing about news.
    services.change(signature_id=early.pk, line=services.Line("Ana Example", "PE", "public"), consent=newer)

    def said_yes(row: Signature, kind: str) -> str:
        at = ConsentEvent.objects.get(signature=row, kind=kind).at
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    assert export(campaign, "news", "machine") == [
        ["email", "name", "country", "language", "agreed_at", "consent_text"],
        ["ana@example.org", "Ana Example", "PE", "en", said_yes(early, "ticked"), "en 1"],
        ["beto@example.org", "Beto Example", "PE", "en", said_yes(late, "news_on"), "es 2"],
        ["secret@example.org", "", "ES", "en", said_yes(secret, "ticked"), "en 1"],
    ]
    assert ExportRecord.objects.get().unnamed is None


def test_news_goes_to_nobody_who_wants_it_no_more(campaign: Campaign) -> None:
    row = make_signature(campaign, is_confirmed=True, wants_updates=True)
    assert len(export(campaign, "news")) == 2

    services.set_news(signature_id=row.pk, is_wanted=False)

    assert len(export(campaign, "news")) == 1


@pytest.mark.parametrize("is_folded", [False, True])
def test_numbers_are_sums_by_day_and_country_from_the_tally(campaign: Campaign, is_folded: bool) -> None:
    make_rows(make_campaign("elsewhere"), 1)
    rows = make_rows(campaign, 3) + make_rows(campaign, 1, country="CL", fingerprint=b"x" * 32)
    tally.fold()
    Tally.objects.filter(campaign=campaign).update(hour="2026-03-01T03:00:00Z")  # the clock is the database's
    Signature.objects.filter(pk=rows[0].pk).update(moderation="held")
    if is_folded:
        tally.fold()
    today, here = now_in("UTC"), now_in("America/Lima")

    assert export(campaign, "numbers", "machine") == [
        ["day (UTC)", "country", "signatures"],
        ["2026-03-01", "CL", "1"],
        ["2026-03-01", "PE", "3"],
        [today, "PE", "-1"],
    ]
    assert export(campaign, "numbers", "comma") == [
        ["day (America/Lima)", "country", "signatures"],
        ["2026-02-28", "CL", "1"],
        ["2026-02-28", "PE", "3"],
        [here, "PE", "-1"],
    ]


def now_in(zone: str) -> str:
    return datetime.now(ZoneInfo(zone)).date().isoformat()


@pytest.mark.parametrize(("preset", "most"), [("addressee", 2), ("news", 2), ("internal", 3)])
def test_every_list_holds_counted_signatures_only(campaign: Campaign, preset: str, most: int) -> None:
    for moderation in ("clear", "held", "rejected"):
        for visibility in ("delivered", "public", "secret"):
            name = "" if visibility == "secret" else "Ana"
            make_rows(campaign, 1, moderation=moderation, visibility=visibility, name=name, wants_updates=True)
    make_rows(campaign, 1, state="pending", confirmed_at=None, wants_updates=True)
    make_rows(campaign, 1, state="withdrawn", wants_updates=True)
    Signature.objects.filter(visibility="public").update(wants_updates=False)

    assert len(export(campaign, preset)) == 1 + most


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("comma", '\ufeffnumber,name,country\r\n1,"Ana, ""la\nseñora""; =1",PE\r\n'),
        ("semicolon", '\ufeffnumber;name;country\r\n1;"Ana, ""la\nseñora""; =1";PE\r\n'),
        ("machine", 'number,name,country\n1,"Ana, ""la\nseñora""; =1",PE\n'),
    ],
)
def test_each_form_has_its_bytes(campaign: Campaign, form: str, data: str) -> None:
    make_rows(campaign, 1, name='Ana, "la\nseñora"; =1')

    assert sent(campaign, form=form) == data.encode()


def test_a_file_for_programs_says_in_its_name_that_it_is_not_for_excel(campaign: Campaign) -> None:
    def name(form: str) -> str:
        return exports.export(campaign=campaign, preset="addressee", form=form, purpose="test", staff=None).name

    assert name("machine").endswith("-not-for-excel.csv")
    assert name("comma") == name("semicolon") == name("machine").replace("-not-for-excel", "")


@pytest.mark.parametrize("rows", [6, 7, 8])
def test_more_rows_than_a_spreadsheet_holds_come_as_an_archive_of_files(
    campaign: Campaign, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SPREADSHEET_ROWS", 3)
    make_rows(campaign, rows)
    download = exports.export(campaign=campaign, preset="addressee", form="comma", purpose="test", staff=None)
    data = b"".join(download.chunks)

    assert (download.name[-4:], download.content_type) == (".zip", "application/zip")
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert [name.rpartition("-")[2] for name in archive.namelist()] == ["1.csv", "2.csv", "3.csv"][: -(-rows // 3)]
        parts = [read(archive.read(name)) for name in archive.namelist()]
    assert {tuple(part[0]) for part in parts} == {("number", "name", "country")}
    assert [len(part) - 1 for part in parts] == [3, 3, rows - 6][: len(parts)]
    assert sorted(row[1] for part in parts for row in part[1:]) == [f"Row {number}" for number in range(rows)]
    record = ExportRecord.objects.get()
    assert (record.rows, record.sha256) == (rows, hashlib.sha256(data).hexdigest())
    assert exports.export(
        campaign=campaign, preset="addressee", form="machine", purpose="test", staff=None
    ).name.endswith(".csv")


def test_an_archive_that_is_broken_off_says_so(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SPREADSHEET_ROWS", 3000)
    make_many(campaign, 7000)
    chunks = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]

    record = ExportRecord.objects.get()
    assert (record.finished_at, record.sha256, str(record.outcome)) == (None, "", "broken off")
    assert record.broken_off_at is not None


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\r\n\",;"), min_size=1, max_size=40
)


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=1, max_size=20))
@example(
    names=["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''=1", "'Atahualpa", "'", "O'Higgins", "ع", "👩🏽‍🌾"]
)
def test_every_name_comes_back_as_it_was_typed_and_none_is_a_formula(campaign: Campaign, names: list[str]) -> None:
    Signature.objects.all().delete()
    for number, name in enumerate(names):
        make_rows(campaign, 1, name=name, fingerprint=number.to_bytes(32, "big"))

    assert sorted(row[1] for row in export(campaign, form="machine")[1:]) == sorted(names)
    for form in ("comma", "semicolon"):
        values = [row[1] for row in export(campaign, form=form)[1:]]
        assert sorted(undefused(value) for value in values) == sorted(names)
        assert not [value for value in values if value[0] in "=+-@\t\r\n＝＋－＠"]


def test_values_that_are_no_formula_stay_as_they_are(campaign: Campaign) -> None:
    names = ["'Atahualpa", "O'Higgins", "Ana-María", "José Ñahui"]
    for number, name in enumerate(names):
        make_rows(campaign, 1, name=name, fingerprint=number.to_bytes(32, "big"))

    assert sorted(row[1] for row in export(campaign)[1:]) == sorted(names)


def test_the_record_is_complete_only_after_the_last_byte(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    stream = exports.export(campaign=campaign, preset="addressee", purpose="for the ministry", staff=None).chunks
    data = next(stream)
    record = elsewhere(ExportRecord.objects.get)
    assert (record.finished_at, record.rows, record.sha256) == (None, None, "")

    data += b"".join(stream)

    record.refresh_from_db()
    assert (record.purpose, record.rows, record.sha256) == ("for the ministry", 3, hashlib.sha256(data).hexdigest())
    assert record.finished_at is not None


def test_an_export_that_is_broken_off_says_so_and_leaves_the_connection_usable(campaign: Campaign) -> None:
    make_many(campaign, 5000)
    stream = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks
    assert next(stream).startswith("\ufeffnumber,name,country\r\n1,Person ".encode())
    stream.close()  # type: ignore[attr-defined]

    record = ExportRecord.objects.get()
    assert (record.finished_at, record.rows, str(record.outcome)) == (None, None, "broken off")
    assert Signature.objects.count() == 5000


def test_an_export_that_the_database_breaks_off_says_so_without_a_name_in_the_error(campaign: Campaign) -> None:
    make_many(campaign, 200_000)
    stream = exports.export(campaign=campaign, preset="internal", purpose="test", staff=None).chunks
    next(stream)

    def cancel() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT%'")

    elsewhere(cancel)
    with pytest.raises(DatabaseError, match=r"^PostgreSQL broke the list off\.$") as raised:
        b"".join(stream)

    assert "Person" not in str(raised.value)
    assert str(ExportRecord.objects.get().outcome) == "broken off"
    assert Signature.objects.count() == 200_000


def test_an_export_sees_one_moment_however_many_sign_meanwhile(campaign: Campaign) -> None:
    make_many(campaign, 5000)
    stream = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks
    data = next(stream)
    elsewhere(lambda: make_rows(campaign, 10, fingerprint=b"x" * 32))
    elsewhere(lambda: make_rows(campaign, 10, visibility="secret", name="", fingerprint=b"x" * 32))

    assert len(read(data + b"".join(stream))) == 4501
    record = ExportRecord.objects.get()
    assert (record.rows, record.unnamed) == (4500, 500)


def test_an_export_connects_as_the_address_of_the_database_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("application_name", "site"), ("sslmode", "disable"), ("options", "-c work_mem=7MB")):
        monkeypatch.setitem(connections["default"].settings_dict["OPTIONS"], name, value)
    own = """
        SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE pid = pg_backend_pid() AND application_name = 'site' AND NOT ssl
            AND current_setting('work_mem') = '7MB' AND current_setting('TimeZone') = 'America/Lima'
            AND current_setting('transaction_isolation') = 'repeatable read'
    """

    def look() -> int:
        with copying.snapshot("America/Lima") as moment:
            return moment.count(own)

    assert elsewhere(look) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE signatures_exportrecord SET purpose = 'another'", "can only be ended"),
        ("UPDATE signatures_exportrecord SET started_at = now()", "can only be ended"),
        ("DELETE FROM signatures_exportrecord", "cannot be deleted"),
    ],
)
def test_the_database_lets_a_record_only_be_ended(campaign: Campaign, change: str, says: str) -> None:
    chunks = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks
    with pytest.raises(DatabaseError, match=says), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert len(b"".join(chunks).splitlines()) == 1
    assert ExportRecord.objects.get().finished_at is not None


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_database_refuses_any_change_to_a_record_that_has_ended(campaign: Campaign, is_whole: bool) -> None:
    make_many(campaign, 5000)
    chunks = exports.export(campaign=campaign, preset="addressee", purpose="test", staff=None).chunks
    next(chunks)
    if is_whole:
        list(chunks)
    else:
        chunks.close()  # type: ignore[attr-defined]

    for change in ("rows = 7", "sha256 = ''", "finished_at = now()", "broken_off_at = NULL", "purpose = 'another'"):
        with pytest.raises(DatabaseError, match="has ended"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE signatures_exportrecord SET {change}")
    with pytest.raises(DatabaseError, match="cannot be deleted"), transaction.atomic():
        ExportRecord.objects.all().delete()


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
    response = client.post(URL, ASKED | {"campaign": campaign.pk})

    data = b"".join(response.streaming_content)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "water-for-all-addressee-" in response["Content-Disposition"]
    assert len(data.decode().splitlines()) == 3
    record = ExportRecord.objects.get()
    assert (record.staff.username, record.preset, record.form, record.rows) == ("exporter", "addressee", "comma", 2)
    page = client.get(URL).content.decode()
    assert "for a spreadsheet, with commas · for the ministry · <strong>finished</strong>" in page
    assert "counted without a row: 0" in page


def test_staff_with_the_lesser_right_get_numbers_and_nothing_else(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    user = User.objects.create_user("other")
    ExportRecord.objects.create(staff=user, campaign=campaign, preset="addressee", purpose="somebody else's")
    client = staff("export_numbers")

    assert URL in client.get("/admin/").content.decode()
    assert client.get("/admin/signatures/exportrecord/").status_code == 403
    page = client.get(URL).content.decode()
    assert [name for name in exports.PRESETS if f'value="{name}"' in page] == ["numbers"]
    for preset in ("addressee", "news", "internal"):
        refused = client.post(URL, ASKED | {"campaign": campaign.pk, "preset": preset})
        assert set(refused.context["form"].errors) == {"preset"}
    response = client.post(URL, ASKED | {"campaign": campaign.pk, "preset": "numbers"})

    assert b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[1].endswith(",PE,2")
    page = client.get(URL).content.decode()
    assert "for the ministry" in page
    assert "somebody else" not in page


def test_staff_without_the_permission_export_nothing(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    client = staff("view_signature", "moderate_signature")

    assert URL not in client.get("/admin/signatures/signature/").content.decode()
    assert client.get(URL).status_code == 403
    assert client.post(URL, ASKED | {"campaign": campaign.pk}).status_code == 403
    assert client.get("/admin/signatures/exportrecord/").status_code == 403
    assert not ExportRecord.objects.exists()


def test_an_export_needs_a_purpose_a_preset_and_a_form(campaign: Campaign) -> None:
    client = staff("view_signature", "export_signature")

    response = client.post(URL, {"campaign": campaign.pk, "preset": "everything", "form": "pdf"})

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"preset", "form", "purpose"}
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
    assert done.stdout == "\ufeffnumber,name,country\r\n1,José Ñahui,PE\r\n".encode()
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
