"""Writes down what the fonts of deliveries hold: `python -m tests.signatures.fonts`, after each change of a font."""

import math
from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from fontTools.ttLib import TTFont

from signatures.deliveries.legible import COVERAGE

FONTS = COVERAGE.parent
FIRST = ("NotoSans-Regular.ttf",)
# Signs last, and the emoji first of them: a sequence of emoji is one picture in that font alone.
LAST = (
    "NotoSansHangul.otf",
    "DroidSansFallbackFull.ttf",
    "NotoEmoji-Regular.ttf",
    "NotoSansSymbols-Regular.ttf",
    "NotoSansSymbols2-Regular.ttf",
    "NotoSansMath-Regular.ttf",
)
STYLES = {"NotoSans-Bold.ttf", "NotoSans-Italic.ttf"}  # of a family that stands there already


def names() -> list[str]:
    scripts = {path.name for path in FONTS.glob("*.?tf")} - STYLES - set(FIRST) - set(LAST)
    return [*FIRST, *sorted(scripts), *LAST]


def written() -> str:
    parts = []
    for family, ranges in map(read, names()):
        parts += [f"= {family}", *wrap(" ".join(ranges), 118, break_on_hyphens=False)]
    return "\n".join(parts) + "\n"


def read(name: str) -> tuple[str, list[str]]:
    """The family as Typst calls it, and what it has: `first-last:width`, in hexadecimal and in tenths of an em."""
    with TTFont(FONTS / name) as font:
        tenths = font["head"].unitsPerEm / 10
        widths = {
            character: math.ceil(font["hmtx"][glyph][0] / tenths) for character, glyph in font.getBestCmap().items()
        }
        return font["name"].getDebugName(1), list(ranges(widths))


def ranges(widths: dict[int, int]) -> Iterator[str]:
    for (_offset, width), run in groupby(
        enumerate(sorted(widths)), key=lambda place: (place[1] - place[0], widths[place[1]])
    ):
        characters = [character for _place, character in run]
        yield f"{characters[0]:X}" + (f"-{characters[-1]:X}" if len(characters) > 1 else "") + f":{width}"


if __name__ == "__main__":
    COVERAGE.write_text(written())
