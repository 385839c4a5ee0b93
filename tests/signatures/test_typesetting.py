"""Documents that are handed over: read back as programs read them, and what happens where none can be made."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from signatures.deliveries import paging
from signatures.deliveries.blocks import blocks, heading, paragraph
from signatures.deliveries.legible import coverage, legible
from signatures.deliveries.typesetting import NotTypeset, typeset
from tests.signatures.many_names import many_names
from tests.signatures.reading_back import entries, matches

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
COMMON = {"language": "es", "title": "Petición «Paz»", "footer": "Entrega", "page_words": "página {page} de {pages}"}
TEXT = blocks("Pedimos *hoy*:\n\n1. verdad,\n2. **justicia**\n   - aquí\n\n> Nunca más.\n\n[Más](https://example.org/)")
FIGURES = {"kind": "figures", "items": [["49", "personas"], ["1.206", "testimonios"]]}
LETTER = COMMON | {
    "sender": ["Paz", "Lima"],
    "place_and_date": "Lima, 5 de marzo de 2026",
    "addressee": ["Señora Fiscal"],
    "subject": "12 firmas",
    "blocks": TEXT,
    "annexes_heading": "Anexos",
    "annexes": [{"name": "lista.pdf", "what": "Los nombres", "pages": "3 páginas"}],
    "closing": "Atentamente,",
    "signature": ["Killa Quispe"],
}
PETITION = COMMON | {
    "about": ["En cada idioma."],
    "texts": [
        {
            "language": "es",
            "heading": "Español",
            "about": ["Versión 2"],
            "blocks": [heading(1, "Qué"), *TEXT, FIGURES, heading(3, "Por qué"), paragraph("Un * y _otro_.")],
        },
        {"language": "qu", "heading": "Runasimi", "about": [], "blocks": blocks("Ñuqanchik")},
        {"language": "ar", "heading": "العربية", "about": [], "blocks": blocks("السلام")},
    ],
}
TOTALS = COMMON | {
    "blocks": blocks("Contadas hoy."),
    "tables": [
        {
            "caption": "Por país",
            "heads": ["País", "Firmas"],
            "rows": [[f"País {n}", f"{n}"] for n in range(1, 61)],
            "total": ["En total", "1.830"],
        },
        {"caption": "Por mes", "heads": ["Mes", "Firmas"], "rows": [["marzo", "7"]], "total": []},
    ],
    "after": [heading(1, "Cómo se contó"), *TEXT],
}


def list_of(names: list[str], country: str = "Perú") -> dict[str, Any]:
    rows = [(f"{n:,}".replace(",", "."), name, country) for n, name in enumerate(names, 1)]
    pages, n = [], 0
    for columns in paging.pages(rows, title=COMMON["title"], about="Los nombres."):
        first, n = n + 1, n + sum(map(len, columns))
        bookmark = f"From {first}" if len(pages) % 2 == 0 else ""
        pages.append({"bookmark": bookmark, "columns": columns, "sum": f"Running total: {n}"})
    return COMMON | {"about": "Los nombres.", "pages": pages}


KINDS = {"letter": LETTER, "petition": PETITION, "totals": TOTALS, "list": list_of(["Killa Quispe", "Inti Rojas"])}
EACH = pytest.mark.parametrize("kind", KINDS)


# The least that each may hold.
BARE = {
    "letter": LETTER | {"blocks": [], "annexes": [], "sender": [], "addressee": [], "signature": []},
    "petition": COMMON
    | {"about": [], "texts": [{"language": "zh-hans", "heading": "中文", "about": [], "blocks": []}]},
    "totals": COMMON | {"blocks": [], "tables": [], "after": [heading(3, "Al revés"), heading(1, "Después")]},
    "list": COMMON | {"about": "", "pages": []},
}


@contextmanager
def opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(path)
    yield document
    document.close()


def texts(path: Path) -> list[str]:
    with opened(path) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def bookmarks(path: Path) -> list[tuple[int, str, int]]:
    with opened(path) as document:
        return [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]


@EACH
def test_a_document_is_tagged_and_says_its_title_language_and_standards(kind: str, tmp_path: Path) -> None:
    typeset(kind, KINDS[kind], tmp_path / "a.pdf", at=NOON)

    with opened(tmp_path / "a.pdf") as document:
        assert pypdfium2.raw.FPDFCatalog_IsTagged(document)
        assert document.get_metadata_value("Title") == "Petición «Paz»"
        assert document.get_metadata_value("CreationDate") == "D:20260305120000Z"
        assert [round(length) for length in document[0].get_size()] == [595, 842]
    held = (tmp_path / "a.pdf").read_bytes()
    assert b"/Lang(es)" in held
    assert b"<pdfuaid:part>1<" in held
    assert b"<pdfaid:part>2<" in held
    assert (tmp_path / "a.pdf").stat().st_mode & 0o777 == 0o600


@EACH
def test_the_same_words_and_moment_make_the_same_bytes(kind: str, tmp_path: Path) -> None:
    for name, at in [("a", NOON), ("b", NOON), ("c", NOON.replace(hour=13))]:
        typeset(kind, KINDS[kind], tmp_path / name, at=at)

    first, again, later = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == again
    assert first != later


@EACH
def test_each_page_is_numbered(kind: str, tmp_path: Path) -> None:
    n = typeset(kind, KINDS[kind], tmp_path / "a.pdf", at=NOON)

    pages = texts(tmp_path / "a.pdf")
    assert len(pages) == n
    for number, page in enumerate(pages, 1):
        assert f"página {number} de {n}" in page


@EACH
def test_what_is_empty_takes_no_room(kind: str, tmp_path: Path) -> None:
    assert typeset(kind, BARE[kind] | {"language": "pt-br"}, tmp_path / "a.pdf", at=NOON) == 1


def test_a_letter_holds_its_words_in_their_order(tmp_path: Path) -> None:
    assert typeset("letter", LETTER, tmp_path / "a.pdf", at=NOON) == 1

    [page] = texts(tmp_path / "a.pdf")
    words = "Paz Lima|Lima, 5 de marzo|Señora Fiscal|12 firmas|Pedimos hoy:|1. verdad,|2. justicia|aquí|Nunca más.|"
    words += "Más (example.org)|Anexos|1. lista.pdf · Los nombres · 3 páginas|Atentamente,|Killa Quispe"
    found = [" ".join(page.split()).find(part) for part in words.split("|")]
    assert -1 not in found
    assert found == sorted(found)


def test_each_text_of_a_petition_begins_a_page_with_a_bookmark(tmp_path: Path) -> None:
    assert typeset("petition", PETITION, tmp_path / "a.pdf", at=NOON) == 4

    marks = bookmarks(tmp_path / "a.pdf")
    assert marks == [(0, "Español", 1), (1, "Qué", 1), (2, "Por qué", 1), (0, "Runasimi", 2), (0, "العربية", 3)]
    assert "Un * y _otro_." in texts(tmp_path / "a.pdf")[1]


def test_a_long_table_repeats_its_heads_and_ends_with_the_total(tmp_path: Path) -> None:
    assert typeset("totals", TOTALS, tmp_path / "a.pdf", at=NOON) == 3

    pages = texts(tmp_path / "a.pdf")
    assert [page.count("País Firmas") for page in pages] == [1, 1, 0]
    assert "País 60 60\nEn total 1.830" in pages[1]
    assert bookmarks(tmp_path / "a.pdf") == [(0, "Cómo se contó", 2)]


def test_each_page_of_a_list_ends_with_the_running_total(tmp_path: Path) -> None:
    data = list_of([name for _script, name in many_names(500)])

    assert typeset("list", data, tmp_path / "a.pdf", at=NOON) == len(data["pages"]) > 3
    for page, held in zip(data["pages"], texts(tmp_path / "a.pdf"), strict=True):
        assert page["sum"] in held
    wanted = [(0, page["bookmark"], at) for at, page in enumerate(data["pages"]) if page["bookmark"]]
    assert bookmarks(tmp_path / "a.pdf") == wanted


def test_a_list_reads_as_it_was_typed(tmp_path: Path) -> None:
    names = [
        name for script, name in many_names() if script in ("Andes", "Decomposed", "Chinese", "Korean", "Fontless")
    ]

    typeset("list", list_of(names), tmp_path / "a.pdf", at=NOON)

    held = "".join("".join(texts(tmp_path / "a.pdf")).split())
    for name in names:
        assert "".join(f".{legible(name)}·Perú".split()) in held


def test_no_name_runs_over_its_column(tmp_path: Path) -> None:
    """Those of a single word too."""
    names = [name for script, name in many_names() if script in ("Long", "Emoji", "Signs", "Fontless", "Andes")]

    typeset("list", list_of(names, "Estados Unidos"), tmp_path / "a.pdf", at=NOON)

    with opened(tmp_path / "a.pdf") as document:
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_charbox(n) for n in range(text.count_chars())]
            for left, bottom, right, _top in boxes:
                assert right < 595 - 56
                if 66 < bottom < 780 and left < 286:
                    assert right < 300 or bottom > 730  # what stands above and below the columns may be as wide as both


@pytest.mark.ci
def test_a_thousand_names_in_all_scripts_are_read_by_pdftotext(tmp_path: Path) -> None:
    """Equal to what was typed or, of some scripts, as `reading_back.py` says."""
    names = many_names()

    typeset("list", list_of([name for _script, name in names]), tmp_path / "a.pdf", at=NOON)

    read = list(entries(tmp_path / "a.pdf"))
    assert [number.replace(".", "") for number, _text in read] == [str(n) for n in range(1, 1001)]
    for (script, name), (_number, text) in zip(names, read, strict=True):
        assert matches(f"{legible(name)} · Perú", text, script), (script, name, text)


@pytest.mark.long
def test_no_character_of_the_fonts_is_an_empty_box(tmp_path: Path) -> None:
    """Typst makes no PDF/UA of a text of which it lacks a glyph."""
    characters = map(chr, sorted(coverage().fonts))
    paragraphs = [paragraph(legible(" ".join(row))) for row in iter(lambda: list(islice(characters, 200)), [])]

    assert typeset("totals", TOTALS | {"blocks": paragraphs}, tmp_path / "a.pdf", at=NOON, seconds=300)


def test_a_text_without_a_glyph_would_be_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signatures.deliveries.typesetting.legible_all", lambda data: data)

    with pytest.raises(NotTypeset):
        typeset("letter", LETTER | {"subject": "𓀀"}, tmp_path / "a.pdf", at=NOON)


FIVE_THOUSAND = """
import json, resource, sys
from datetime import datetime, UTC
from pathlib import Path
from signatures.deliveries.typesetting import typeset
print(typeset("list", json.loads(sys.stdin.read()), Path(sys.argv[1]), at=datetime.now(UTC)))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@pytest.mark.ci
def test_five_thousand_names_take_less_than_180_megabytes(tmp_path: Path) -> None:
    """In all scripts at once, which loads every font; names of the Andes alone take 120."""
    data = list_of([name for script, name in many_names(5_000)])

    ended = subprocess.run(
        [sys.executable, "-c", FIVE_THOUSAND, tmp_path / "a.pdf"],
        input=json.dumps(data),
        check=True,
        capture_output=True,
        text=True,
    )

    pages, megabytes = map(int, ended.stdout.split())
    assert pages == len(data["pages"])
    assert megabytes < 180


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "workshop").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "workshop"))
    return tmp_path / "workshop"


@pytest.mark.parametrize(
    ("kind", "data", "seconds"),
    [
        ("letter", {**LETTER, "blocks": [{"kind": "Marcada"}]}, 60),
        ("letter", {**LETTER, "signature": {"Marcada": "Marcada"}}, 60),
        ("unknown", {**LETTER, "subject": "Marcada"}, 60),
        ("letter", {**LETTER, "subject": "Marcada"}, 0.001),
    ],
)
def test_what_is_not_typeset_leaves_no_word_and_no_file(
    kind: str, data: dict[str, Any], seconds: float, tmp_path: Path, workshop: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pdf").write_text("before")

    with pytest.raises(NotTypeset) as raised:
        typeset(kind, data, tmp_path / "a.pdf", at=NOON, seconds=seconds)

    assert "Marcada" not in f"{raised.value!r} {raised.value.__cause__!r} {capfd.readouterr()}"
    assert str(raised.value).startswith(f"{kind}: the press ")
    assert (tmp_path / "a.pdf").read_text() == "before"
    assert list(workshop.iterdir()) == []


def test_what_is_typeset_leaves_nothing_but_the_document(tmp_path: Path, workshop: Path) -> None:
    typeset("letter", LETTER, tmp_path / "a.pdf", at=NOON)

    assert list(workshop.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "workshop"]
