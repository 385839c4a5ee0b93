"""The picture beside links: its measure and weight, and titles of every length and script."""

from io import BytesIO

import pytest
from PIL import Image, ImageFont

from signatures import previews

TITLE = "Stand with victims of repression in Peru"
SPANISH = "Apoya a las víctimas de la represión en Perú: ¡verdad, justicia y reparación!"
ORGANISATION = "Coordinadora Nacional de Derechos Humanos"
COUNT = "12.500 personas ya han firmado"

PAPER, ACCENT = (253, 252, 250), (122, 31, 31)


def opened(png: bytes) -> Image.Image:
    """The picture, after what holds for each: measure, weight, paper at the edges and below the bar."""
    image = Image.open(BytesIO(png))
    assert (image.format, image.mode, image.size) == ("PNG", "P", (1200, 630))
    assert len(png) < 300_000
    image = image.convert("RGB")
    edges = [
        image.crop(box) for box in [(0, 20, 75, 630), (1122, 20, 1200, 630), (0, 20, 1200, 70), (0, 600, 1200, 630)]
    ]
    assert [edge.getcolors() for edge in edges] == [[(edge.width * edge.height, PAPER)] for edge in edges]
    assert image.crop((0, 0, 1200, 20)).getcolors() == [(1200 * 20, ACCENT)]
    return image


def inked(image: Image.Image, top: int, bottom: int) -> bool:
    return image.crop((0, top, 1200, bottom)).getcolors() != [((bottom - top) * 1200, PAPER)]


@pytest.mark.parametrize(
    "title",
    [
        TITLE,
        SPANISH,
        "Verdad",
        ("Justicia para las víctimas de la represión y sus familias en " * 3)[:150],
        "W" * 150,
        "i" * 150,
        "Una " + "ñ" * 146,
        "palabra " * 200,
        "W" * 5000,
    ],
    ids=range(9),
)
@pytest.mark.parametrize("count_line", [COUNT, ""])
def test_title_of_any_length_has_room(title: str, count_line: str) -> None:
    image = opened(previews.draw(title, ORGANISATION, count_line))

    assert inked(image, 70, 400)
    assert inked(image, 470, 530) or not count_line
    assert inked(image, 540, 600)


def test_empty_count_line_leaves_its_room_to_the_title() -> None:
    counted, uncounted = (opened(previews.draw(TITLE, ORGANISATION, line)) for line in (COUNT, ""))

    assert inked(counted, 470, 530)
    assert not inked(uncounted, 470, 530)


def test_long_organisation_and_count_stay_on_their_lines() -> None:
    opened(previews.draw(TITLE, ORGANISATION * 5, COUNT * 5))


def test_same_words_give_the_same_bytes() -> None:
    first, second = (previews.draw(SPANISH, ORGANISATION, COUNT) for _ in range(2))

    assert first == second
    assert first != previews.draw(SPANISH, ORGANISATION, "")


@pytest.mark.parametrize("text", ["العدالة للضحايا", "⚖️✊🏽", "", " \n", "\u202e\u200d\ufeff\x00\ud800"])
def test_text_without_latin_letters_leaves_its_place_empty(text: str) -> None:
    image = opened(previews.draw(text, text, text))

    assert not inked(image, 20, 630)


def test_what_the_fonts_lack_is_left_out_of_a_text() -> None:
    assert previews.clean("Justicia ✊🏽 para\u00ad  العدالة\nPerú") == "Justicia para Perú"
    assert previews.clean("n\u0303an\u0303a, a\u0308, qʼaya, ch’aki – “ñandú”…") == "ñaña, ä, qʼaya, ch’aki – “ñandú”…"
    assert previews.draw("Perú ✊🏽", "", "") == previews.draw("Peru\u0301", "", "")


@pytest.mark.parametrize("path", [previews.SERIF, previews.SANS])
def test_fonts_have_every_character_that_is_left_in(path: object) -> None:
    font = ImageFont.truetype(str(path), 40, layout_engine=ImageFont.Layout.BASIC)

    def picture(character: str) -> tuple[tuple[int, int], bytes]:
        mask = font.getmask(character)
        return mask.size, bytes(mask)

    box = picture("\uffff")
    kept = {previews.clean(chr(point)) for point in range(0x21, 0x3000)} - {""}
    assert len(kept) > 300
    assert [character for character in kept if picture(character) == box] == []


@pytest.mark.parametrize("path", [previews.SERIF, previews.SANS])
def test_kerning_of_the_fonts_is_used(path: object) -> None:
    font = ImageFont.truetype(str(path), 100, layout_engine=ImageFont.Layout.BASIC)

    assert font.getlength("Te") < font.getlength("T") + font.getlength("e")


def test_fonts_are_small_and_carry_their_licence() -> None:
    assert all(path.stat().st_size < 60_000 for path in (previews.SERIF, previews.SANS))
    assert "SIL OPEN FONT LICENSE Version 1.1" in (previews.FONTS / "OFL.txt").read_text(encoding="utf-8")
