"""Packs: what is in one and what is not, that its numbers agree, and that none is offered by halves or too long."""

import csv
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypdfium2
import pytest
from django.core import mail
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from campaigns import markdown
from campaigns.models import Campaign, Update
from signatures import services
from signatures.deliveries import cover, deciding, handing_over, offering, packs
from signatures.deliveries.working import work
from signatures.exports import Paused, lists_since
from signatures.models import DeliveredSignature, Delivery, ExportRecord, Pack, PackPiece, Signature
from tests.helpers import env_beside, make_campaign, make_many, make_rows, make_signature
from tests.signatures.test_deliveries import approved, make_delivery, staff

pytestmark = pytest.mark.django_db(transaction=True)

FACTS = handing_over.Facts(on=timezone.localdate(), how="at the desk", to_whom="Mesa de partes")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(postal_address="Jirón Example 1\nLima")


def pack_of(delivery: Delivery) -> Pack:
    return Pack.objects.filter(delivery=delivery).latest("pk")


def taken(delivery: Delivery, by: str = "wayra") -> ZipFile:
    """The pack as staff download it."""
    download = offering.offer(pack_id=pack_of(delivery).pk, staff=staff(by))
    assert download is not None
    return ZipFile(io.BytesIO(b"".join(download.chunks)))


def made(campaign: Campaign, **fields: Any) -> tuple[Delivery, ZipFile]:
    delivery = approved(campaign, **fields)
    work()
    assert pack_of(delivery).state == Pack.State.READY
    return delivery, taken(delivery)


def text_of(pdf: bytes) -> str:
    """Its words with single spaces."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).split())


def csv_of(pack: ZipFile) -> list[list[str]]:
    return list(csv.reader(io.StringIO(pack.read("lista.csv").decode("utf-8-sig"), newline="")))


def listed(pack: ZipFile) -> dict[int, tuple[str, str]]:
    """Number, name and country out of the PDFs of the list."""
    found = {}
    for name in sorted(pack.namelist()):
        if name.startswith("5-lista"):
            with pypdfium2.PdfDocument(pack.read(name)) as document:
                text = "\n".join(page.get_textpage().get_text_range() for page in document)
            for number, who, where in re.findall(r"^([\d\s]+)\. (.+?) · (.+?)\s*$", text, re.M):
                found[number_of(number)] = who, where
    return found


def number_of(text: str) -> int:
    """As Spanish writes it, with a space between thousands."""
    return int("".join(text.split()))


def test_a_pack_holds_the_letter_the_petition_the_totals_the_list_and_the_manifest(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    _delivery, pack = made(campaign)
    assert sorted(pack.namelist()) == [
        "1-carta.pdf",
        "2-carta-en.pdf",
        "3-peticion.pdf",
        "4-totales.pdf",
        "5-lista-0000001.pdf",
        "lista.csv",
        "manifiesto.txt",
    ]
    assert "Agua para todas las personas" in text_of(pack.read("1-carta.pdf"))
    assert "Water for all" in text_of(pack.read("2-carta-en.pdf"))
    petition = text_of(pack.read("3-peticion.pdf"))
    assert "The wells are closed." in petition
    assert petition.count("SHA-256") == 1  # nobody signed in Spanish


def test_what_is_put_into_the_letter_is_no_markdown() -> None:
    words, values = "**{organisation}** {petition} {nobody}", {"organisation": "A*B_C", "petition": "[x](https://x)"}
    assert markdown.plain(markdown.render(cover.filled_in_markdown(words, values))) == "A*B_C [x](https://x) {nobody}"
    assert cover.filled(words, values) == "**A*B_C** [x](https://x) {nobody}"


def test_the_manifest_has_the_hash_of_each_file_and_sha256sum_agrees(campaign: Campaign, tmp_path: Path) -> None:
    make_rows(campaign, 3)
    delivery, pack = made(campaign)
    pack.extractall(tmp_path)
    lines = (tmp_path / "manifiesto.txt").read_text().splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines if not line.startswith("#"))
    assert sums == {
        name: hashlib.sha256(pack.read(name)).hexdigest() for name in pack.namelist() if name != "manifiesto.txt"
    }
    subprocess.run(
        [shutil.which("sha256sum") or "sha256sum", "--check", "--quiet", "manifiesto.txt"], cwd=tmp_path, check=True
    )
    assert pack_of(delivery).manifest == (tmp_path / "manifiesto.txt").read_text()


def numbers_by_file(pack: ZipFile) -> dict[str, tuple[int, int, int]]:
    """All, named and unnamed, as each file says them."""

    def found(pattern: str, text: str) -> tuple[int, ...]:
        match = re.search(pattern, text)
        assert match, pattern
        return tuple(map(number_of, match.groups()))

    n = r"(\d[\d ]*)"
    letter = text_of(pack.read("1-carta.pdf"))
    totals = text_of(pack.read("4-totales.pdf"))
    manifest = " ".join(pack.read("manifiesto.txt").decode().split())
    of_letter = found(rf"firmas de {n} personas.*?nombre y país: {n}.*?firmaron: {n}", letter)
    of_totals = found(rf"Entregadas: {n}, de ellas {n} con nombre y país y {n} sin nombre", totals)
    of_manifest = found(rf"Firmas: {n}; con nombre y país: {n}; solo como número: {n}", manifest)
    in_list = len(listed(pack))
    return {
        "letter": (of_letter[0], of_letter[1], of_letter[2]),
        "totals": (of_totals[0], of_totals[1], of_totals[2]),
        "manifest": (of_manifest[0], of_manifest[1], of_manifest[2]),
        "list": (of_manifest[0], in_list, of_manifest[0] - in_list),
        "csv": (of_manifest[0], len(csv_of(pack)) - 1, of_manifest[0] - len(csv_of(pack)) + 1),
    }


def test_all_files_agree_with_each_other_and_with_the_count_while_people_sign(campaign: Campaign) -> None:
    make_rows(campaign, 1200)
    for _ in range(7):
        make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    stop, errors = threading.Event(), []

    def sign() -> None:
        try:
            while not stop.is_set():
                make_signature(campaign, is_confirmed=True)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=sign)
    thread.start()
    try:
        delivery, pack = made(campaign)
    finally:
        stop.set()
        thread.join()
    assert errors == []
    assert delivery.counted == delivery.signatures
    numbers = (delivery.signatures, delivery.names, delivery.unnamed)
    assert set(numbers_by_file(pack).values()) == {numbers}
    assert delivery.unnamed == 7
    by_country = Counter(where for _name, where in listed(pack).values())
    assert by_country == {"Perú": delivery.names}


def test_no_name_of_who_is_secret_erased_withdrawn_or_rejected_is_in_any_file(campaign: Campaign) -> None:
    make_rows(campaign, 5)
    people = {
        name: make_signature(campaign, name=f"{name} Zzyzx", is_confirmed=True)
        for name in ("Secreta", "Borrada", "Retirada", "Rechazada", "Retenida", "Visible")
    }
    make_signature(campaign, name="Pendiente Zzyzx")
    hidden = services.Line(name="", country="PE", visibility="secret")
    services.change(signature_id=people["Secreta"].pk, line=hidden)
    delivery = approved(campaign)
    services.erase(signature_id=people["Borrada"].pk)
    services.withdraw(signature_id=people["Retirada"].pk)
    for name, verb in (("Rechazada", services.reject), ("Retenida", services.hold)):
        verb(signatures=Signature.objects.filter(pk=people[name].pk), reason="test", staff=None)
    work()
    pack = taken(delivery)
    said = " ".join(text_of(pack.read(name)) for name in pack.namelist() if name.endswith(".pdf"))
    said += pack.read("lista.csv").decode() + pack.read("manifiesto.txt").decode()
    assert set(re.findall(r"(\w+) Zzyzx", said)) == {"Visible"}
    row = pack_of(delivery)
    assert (row.names, row.unnamed, row.taken_back) == (6, 1, 4)
    assert delivery.signatures == row.names + row.unnamed + row.taken_back
    gone = {people[name].pk for name in ("Retirada", "Rechazada", "Retenida")}
    numbers = set(DeliveredSignature.objects.filter(signature__in=gone).values_list("number", flat=True))
    assert len(row.missing) == 4
    assert numbers < set(row.missing)
    assert set(listed(pack)) == set(range(1, 11)) - set(row.missing)


def test_the_csv_has_the_numbers_of_the_list_and_runs_in_no_spreadsheet(campaign: Campaign) -> None:
    make_signature(campaign, name="=HYPERLINK(A1)", is_confirmed=True)
    make_signature(campaign, name="Ana Ñahui", country="ES", is_confirmed=True)
    _delivery, pack = made(campaign)
    heading, *rows = csv_of(pack)
    assert heading == ["number", "name", "country"]
    assert sorted(row[1:] for row in rows) == [["'=HYPERLINK(A1)", "PE"], ["Ana Ñahui", "ES"]]
    names = {int(number): name.removeprefix("'") for number, name, _country in rows}
    assert {number: name for number, (name, _country) in listed(pack).items()} == names


def outdate(delivery: Delivery) -> None:
    PackPiece.objects.filter(pack__delivery=delivery).delete()
    Pack.objects.filter(delivery=delivery).update(state=Pack.State.OUTDATED)


def same_but_for_its_time(one: ZipFile, other: ZipFile) -> bool:
    def without(pack: ZipFile) -> dict[str, bytes]:
        files = {info.filename: (pack.read(info), info.date_time) for info in pack.infolist()}
        manifest, at = files["manifiesto.txt"]
        return files | {"manifiesto.txt": (re.sub(rb"# Hecho el .*", b"", manifest), at)}

    return without(one) == without(other) and one.namelist() == other.namelist()


def test_made_again_it_is_the_same_but_for_its_time(campaign: Campaign) -> None:
    make_rows(campaign, 300)
    delivery, first = made(campaign)
    outdate(delivery)
    assert deciding.make_again(delivery_id=delivery.pk)
    work()
    second = taken(delivery)
    assert same_but_for_its_time(first, second)


KILLED = """
import sys, django; django.setup()
from signatures.deliveries import packs
packs.MOST = 200
step = packs.Making.step
def slow(self, done):
    step(self, done)
    print("step", done, flush=True)
    sys.stdin.readline()
packs.Making.step = slow
packs.make_next()
"""


def test_killed_in_the_middle_it_is_not_offered_and_is_made_again_the_same(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(packs, "MOST", 200)
    make_many(campaign, 500)
    delivery, whole = made(campaign)
    assert len(whole.namelist()) == 9  # three volumes
    outdate(delivery)
    assert deciding.make_again(delivery_id=delivery.pk)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env=env_beside(TMPDIR=str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout and child.stdin
        assert child.stdout.readline().startswith("step")  # the first volume is put away
        child.send_signal(signal.SIGKILL)
        child.wait(20)
    pack = pack_of(delivery)
    assert (pack.state, pack.tries) == ("making", 1)
    assert 0 < pack.done < 450
    assert offering.offer(pack_id=pack.pk, staff=staff()) is None
    assert not packs.make_next()  # for all one knows it is being made
    (left,) = tmp_path.iterdir()  # with names in it
    packs.clear_away()
    assert left.exists()
    long_ago = time.time() - 1.1 * Pack.SILENT.total_seconds()
    os.utime(left, (long_ago, long_ago))
    packs.clear_away()
    assert not left.exists()
    Pack.objects.filter(pk=pack.pk).update(seen_at=timezone.now() - Pack.SILENT - timedelta(seconds=1))
    assert packs.make_next()
    pack.refresh_from_db()
    assert (pack.state, pack.tries) == ("ready", 2)
    assert same_but_for_its_time(whole, taken(delivery))


def test_one_pack_is_made_at_a_time(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    approved(campaign)
    other = make_campaign("land-for-all")
    make_rows(other, 2)
    second = approved(other)
    first = packs.claim()
    assert first
    assert packs.claim() is None
    Pack.objects.filter(pk=first.pk).update(state=Pack.State.READY)
    claimed = packs.claim()
    assert claimed
    assert claimed.delivery == second


def test_what_is_taken_back_while_it_is_made_has_it_made_anew_without(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rows(campaign, 5)
    late = make_signature(campaign, name="Borrada Zzyzx", is_confirmed=True)
    delivery = approved(campaign)
    step = packs.Making.step

    def erase_meanwhile(self: packs.Making, done: int) -> None:
        monkeypatch.undo()
        services.erase(signature_id=late.pk)
        step(self, done)

    monkeypatch.setattr(packs.Making, "step", erase_meanwhile)
    assert packs.make_next()
    assert pack_of(delivery).state == Pack.State.QUEUED
    assert not PackPiece.objects.exists()
    assert packs.make_next()
    pack = taken(delivery)
    assert len(listed(pack)) == 5
    assert "Zzyzx" not in pack.read("lista.csv").decode()
    assert pack_of(delivery).taken_back == 1


def test_a_delivery_that_is_withdrawn_while_its_pack_is_made_leaves_none(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rows(campaign, 5)
    delivery = approved(campaign)
    step = packs.Making.step

    def withdraw_meanwhile(self: packs.Making, done: int) -> None:
        monkeypatch.undo()
        assert deciding.withdraw(delivery_id=delivery.pk, reason="wrong day", staff=staff())
        step(self, done)

    monkeypatch.setattr(packs.Making, "step", withdraw_meanwhile)
    assert packs.make_next()
    assert pack_of(delivery).state == Pack.State.OUTDATED
    assert not PackPiece.objects.exists()
    assert not packs.make_next()


@override_settings(ALARMS_TO=["one@example.org"], LANGUAGE_CODE="en")
def test_a_pack_that_never_comes_to_its_end_is_given_up_after_some_tries_and_staff_are_told(campaign: Campaign) -> None:
    make_rows(campaign, 1)
    delivery = approved(campaign)
    Pack.objects.update(state="making", tries=Pack.TRIES, seen_at=timezone.now() - 2 * Pack.SILENT)
    assert not packs.make_next()
    pack = pack_of(delivery)
    assert pack.state == Pack.State.FAILED
    assert pack.error
    [told] = mail.outbox
    assert f"The pack of delivery {delivery.pk} could not be made" in told.body
    assert deciding.make_again(delivery_id=delivery.pk)
    work()
    assert pack_of(delivery).state == Pack.State.READY


def test_volumes_are_no_larger_than_staff_set_and_miss_nobody(campaign: Campaign) -> None:
    make_many(campaign, 2_600)
    _delivery, pack = made(campaign, volume_megabytes=1)
    pdfs = [info for info in pack.infolist() if info.filename.endswith(".pdf")]
    volumes = [info for info in pdfs if info.filename.startswith("5-lista")]
    assert len(volumes) > 1
    assert max(info.file_size for info in pdfs) <= 1_000_000
    assert sorted(listed(pack)) == list(range(1, 2_341))


def test_nothing_is_left_in_the_folder_for_temporary_files(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make_rows(campaign, 5)
    made(campaign)
    assert list(tmp_path.iterdir()) == []


def test_a_pack_is_accounted_for_as_a_list_of_names_is(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    make_signature(campaign, visibility="secret", name="", is_confirmed=True)
    delivery, _pack = made(campaign)
    record = ExportRecord.objects.get()
    assert (record.preset, record.rows, record.unnamed) == ("pack", 3, 1)
    assert (record.staff, record.approved_by) == (staff("wayra"), staff("sami"))
    assert record.finished_at
    assert record.sha256 == pack_of(delivery).sha256
    taken(delivery, by="sami")
    assert ExportRecord.objects.first().approved_by == staff("wayra")


def test_a_signer_reads_that_a_pack_was_taken_though_its_delivery_was_withdrawn(campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    delivery, _pack = made(campaign)
    assert deciding.withdraw(delivery_id=delivery.pk, reason="wrong day", staff=staff())
    later = make_signature(campaign, is_confirmed=True)
    assert lists_since(signature) == [ExportRecord.objects.get().started_at]
    assert lists_since(later) == []


def test_while_the_site_is_paused_no_pack_leaves(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    delivery = approved(campaign)
    work()
    services.pause_site(reason="test", staff=staff())
    with pytest.raises(Paused):
        offering.offer(pack_id=pack_of(delivery).pk, staff=staff())
    services.resume_site(reason="test", staff=staff())
    download = offering.offer(pack_id=pack_of(delivery).pk, staff=staff())
    assert download
    services.pause_site(reason="test", staff=staff())
    with pytest.raises(Paused):
        list(download.chunks)
    assert ExportRecord.objects.get().broken_off_at


def test_a_pack_that_is_not_true_any_more_is_not_offered(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    delivery, _pack = made(campaign)
    services.withdraw(signature_id=Signature.objects.counted().latest("pk").pk)
    assert offering.offer(pack_id=pack_of(delivery).pk, staff=staff()) is None
    work()
    assert pack_of(delivery).state == Pack.State.OUTDATED
    assert deciding.make_again(delivery_id=delivery.pk)
    assert not deciding.make_again(delivery_id=delivery.pk)


def test_handing_over_drafts_updates_and_lists_the_numbers_to_tell(campaign: Campaign) -> None:
    people = [make_signature(campaign, is_confirmed=True) for _ in range(6)]
    delivery = approved(campaign)
    services.erase(signature_id=people[0].pk)  # before the pack: nothing to tell
    work()
    pack = pack_of(delivery)
    numbers = dict(DeliveredSignature.objects.values_list("signature", "number"))
    assert handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=FACTS, staff=staff())
    delivery.refresh_from_db()
    assert handing_over.taken_back(delivery) == []
    services.erase(signature_id=people[1].pk)
    services.withdraw(signature_id=people[2].pk)
    hidden = services.Line(name="", country="PE", visibility="secret")
    services.change(signature_id=people[3].pk, line=hidden)
    told = {numbers[people[1].pk]: "erased", numbers[people[2].pk]: "withdrawn", numbers[people[3].pk]: "secret"}
    assert dict(handing_over.taken_back(delivery)) == told
    updates = Update.objects.filter(campaign=campaign)
    assert set(updates.values_list("language", "published_at")) == {("en", None), ("es", None)}
    assert "5 firmas" in updates.get(language="es").body
    work()
    assert not PackPiece.objects.exists()
    later = make_delivery(campaign)
    assert later.signatures == 0  # nobody who left comes back in a later one


def test_what_was_handed_over_cannot_be_withdrawn_nor_be_of_another_pack(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    delivery, _zip = made(campaign)
    pack = pack_of(delivery)
    assert handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=FACTS, staff=staff())
    assert not handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=FACTS, staff=staff())
    assert not deciding.withdraw(delivery_id=delivery.pk, reason="late", staff=staff())
    corrected = handing_over.Facts(on=FACTS.on, how="by mail", to_whom="Mesa", receipt_number="C-1", case_number="E-2")
    assert handing_over.amend(delivery_id=delivery.pk, facts=corrected)
    answered = {"on": FACTS.on, "answer": "We have read it.", "language": "es"}
    for _time in range(2):  # the second time it is corrected
        assert handing_over.record_answer(delivery_id=delivery.pk, **answered)
    drafts = Update.objects.filter(campaign=campaign, published_at=None)
    assert list(drafts.filter(language="es").order_by("pk").values_list("title", flat=True)) == [
        "La petición fue entregada",
        "La petición tiene respuesta",
    ]
    assert "word for word" in drafts.get(language="en", title="The petition has been answered").body
    delivery.refresh_from_db()
    assert (delivery.state, delivery.how, delivery.receipt_number) == ("answered", "by mail", "C-1")


def test_a_pack_that_was_never_made_cannot_be_handed_over(campaign: Campaign) -> None:
    make_rows(campaign, 2)
    delivery = approved(campaign)
    pack = pack_of(delivery)
    assert not handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=FACTS, staff=staff())
