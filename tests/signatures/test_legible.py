"""What fonts lack is written as its code."""

import pytest
from fontTools.ttLib import TTFont

from signatures.deliveries.legible import COVERAGE, PLAIN, clusters, coverage, legible, legible_all
from tests.signatures import fonts
from tests.signatures.many_names import SCRIPTS, many_names


def test_the_table_says_what_the_fonts_hold() -> None:
    assert COVERAGE.read_text() == fonts.written()


def test_bold_and_italic_have_what_the_upright_has() -> None:
    held = []
    for name in sorted({*fonts.FIRST, *fonts.STYLES}):
        with TTFont(fonts.FONTS / name) as font:
            held.append(set(font.getBestCmap()))
    assert held[0] == held[1] == held[2]


def test_what_passes_at_a_glance_is_in_the_first_font() -> None:
    passing = [number for number in range(0x3000) if PLAIN.fullmatch(chr(number)) and number != ord("\n")]

    assert len(passing) > 600
    assert all(coverage().fonts[number] & 1 for number in passing)


def test_names_of_every_script_stay_as_they_are() -> None:
    strange = {"Fontless"}
    assert strange < set(SCRIPTS)
    for script, name in many_names():
        if script not in strange:
            assert legible(name) == name


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("", ""),
        ("Ana 𓀀", "Ana [U+13000]"),
        ("𓀀\u0301", "[U+13000][U+0301]"),  # what stands on it goes with it
        ("x\u0301", "x\u0301"),
        ("अ\u0301", "अ[U+0301]"),  # no font has both
        ("👩‍👩‍👧‍👦 ❤️ 1️⃣ 🇵🇪", "👩‍👩‍👧‍👦 ❤️ 1️⃣ 🇵🇪"),
        ("علی‌رضا", "علی‌رضا"),
        ("\u202eoluP", "[U+202E]oluP"),
        ("a\0b\tc\nd", "a[U+0000]b[U+0009]c\nd"),
        ("\ud800 \ue000 \u2028 \ufeff", "[U+D800] [U+E000] [U+2028] [U+FEFF]"),
        ("[U+13000]", "[U+13000]"),
    ],
)
def test_a_character_that_no_font_has_becomes_its_code(typed: str, written: str) -> None:
    assert legible(typed) == written
    assert legible(written) == written


def test_all_texts_of_a_document_are_made_legible() -> None:
    assert legible_all({"a": ["𓀀", ("b", 3, True, None)]}) == {"a": ["[U+13000]", ["b", 3, True, None]]}


def test_clusters_are_the_text() -> None:
    for _script, name in many_names():
        assert "".join(clusters(name)) == name
    assert list(clusters("e\u0301👩‍👧a")) == ["e\u0301", "👩‍👧", "a"]
