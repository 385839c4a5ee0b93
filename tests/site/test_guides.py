"""The guides for staff say what the admin says, in both languages alike, and show the pictures that there are."""

import re
from functools import cache
from pathlib import Path

import pytest
from django.utils.text import capfirst
from django.utils.translation import gettext, override
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "staff"
LANGUAGES = ("en", "es")
PICTURE = re.compile(r"!\[(?P<says>[^\]]+)\]\((?P<path>[^)]+)\)")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
HEAVY = 2_000_000  # bytes, of all pictures together

# What is in bold for its weight, and is no word of a page.
OWN = {
    "en": {
        *("bold", "The first time", "Every other time", "A red line at the top", "Four numbers", "The plots"),
        *("doubted", "To take it back", "A name", "A whole address", "A day", "A number", "rule", "A bounce"),
        "Erasing cannot be undone.",
    },
    "es": {
        *("negrita", "La primera vez", "Las demás veces", "Una línea roja arriba", "Cuatro números", "Los gráficos"),
        *("duda", "Para deshacerlo", "Un nombre", "Una dirección entera", "Un día", "Un número", "regla", "Un rebote"),
        "Borrar no se puede deshacer.",
    },
}


@cache
def sections(language: str) -> list[str]:
    """What stands below each heading, the title first."""
    text = (FOLDER / f"{language}.md").read_text()
    return re.split(r"^#+ .*$", text, flags=re.MULTILINE)[1:]


def words(language: str, section: str) -> set[str]:
    """In bold, and said to stand on a page."""
    found = {" ".join(said.split()).rstrip(".:") for said in BOLD.findall(section)}
    return found - {own.rstrip(".:") for own in OWN[language]}


def pictures(section: str) -> list[str]:
    return [Path(match["path"]).name for match in PICTURE.finditer(section)]


def on_the_page(said: str, language: str) -> str:
    """What the admin shows in a language where it has these English words; empty where it has no such words."""
    with override(language):
        for message in (said, f"{said}:", said[:1].lower() + said[1:], f"{said} …"):
            if (shown := gettext(message)) != message:
                return str(capfirst(shown.rstrip(".:")))
    return ""


def test_both_guides_have_the_same_sections_and_pictures() -> None:
    english, spanish = map(sections, LANGUAGES)
    assert [pictures(section) for section in english] == [pictures(section) for section in spanish]
    assert len(english) == len(spanish) > 10


def test_every_picture_is_shown_and_none_is_missing() -> None:
    for language in LANGUAGES:
        shown = [name for section in sections(language) for name in pictures(section)]
        assert sorted(shown) == sorted(path.name for path in (FOLDER / language).iterdir())
        assert len(shown) == len(set(shown))


def test_the_pictures_are_small_and_carry_what_their_page_said() -> None:
    paths = [path for language in LANGUAGES for path in (FOLDER / language).iterdir()]
    assert sum(path.stat().st_size for path in paths) < HEAVY
    for path in paths:
        with Image.open(path) as image:
            assert image.mode == "P", path
            assert re.fullmatch("[0-9a-f]{64}", image.info["said"]), path


@pytest.mark.parametrize("number", range(1, 18))
def test_words_in_bold_are_those_of_the_admin_in_both_languages(number: int) -> None:
    english, spanish = sections("en")[number], sections("es")[number]
    shown = {said: on_the_page(said, "es") for said in words("en", english)}
    assert [said for said, in_spanish in shown.items() if not in_spanish] == []
    assert set(shown.values()) == {capfirst(said) for said in words("es", spanish)}


def test_the_numbers_above_are_all_sections_and_no_exception_is_left_over() -> None:
    assert len(sections("en")) == 18
    for language, own in OWN.items():
        assert own <= {" ".join(said.split()).rstrip(":") for said in BOLD.findall("".join(sections(language)))}
