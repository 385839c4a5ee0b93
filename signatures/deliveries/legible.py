"""Nothing is printed as an empty box: what no font of ours has is written as its code.

A character of `fonts/` stays as it is. Another becomes its code in brackets, `[U+13000]`, and with it the marks that
stand on it. A mark stays where one font has both it and the letter it stands on, for no two fonts can set one sign.
Joiners, marks of direction and variation selectors stay: they are invisible, and say how their neighbours look.
Controls become codes, those too that would turn the rest of a line round; only an end of a line stays.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

COVERAGE = Path(__file__).parent / "fonts" / "coverage.txt"
# Default ignorables: the shaper leaves them out after it has heeded them.
INVISIBLE = frozenset(
    chain(
        (0xAD, 0x34F, 0x61C),  # soft hyphen, grapheme joiner, Arabic mark
        range(0x180B, 0x180F),  # Mongolian selectors
        range(0x200B, 0x2010),  # joiners, marks of direction
        range(0x2060, 0x2065),  # word joiner, invisible operators
        range(0xFE00, 0xFE10),  # variation selectors
        range(0xE0020, 0xE0080),  # tags of flags
        range(0xE0100, 0xE01F0),  # variation selectors of Han
    )
)
# Those that would turn the rest of a line round, and the mark of bytes that belongs in no text.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
CONTROLS = {"Cc", "Cs", "Co", "Zl", "Zp"}
PLAIN = re.compile(r"[ -~¡-¬®-ʯА-я–—‘’“”\n]*")  # the first font has it all, and most texts are of it


class Coverage(NamedTuple):
    families: list[str]  # in the order in which a glyph is looked for
    fonts: dict[int, int]  # by character, a bit for each font that has it
    widths: dict[int, int]  # by character, in tenths of an em, in the first font that has it


@cache
def coverage() -> Coverage:
    """What the fonts hold, of the file that `tests/signatures/fonts.py` writes."""
    families: list[str] = []
    fonts: dict[int, int] = {}
    widths: dict[int, int] = {}
    for line in COVERAGE.read_text().splitlines():
        if line.startswith("= "):
            families.append(line.removeprefix("= "))
            continue
        for piece in line.split():
            characters, width = piece.split(":")
            first, _dash, last = characters.partition("-")
            for character in range(int(first, 16), int(last or first, 16) + 1):
                fonts[character] = fonts.get(character, 0) | 1 << (len(families) - 1)
                widths.setdefault(character, int(width))
    return Coverage(families, fonts, widths)


def legible(text: str) -> str:
    """Text of which a glyph stands for every character that is to be seen; what is legible stays as it is."""
    if PLAIN.fullmatch(text):
        return text
    return "".join(map(_written, clusters(text)))


def legible_all(data: Any) -> Any:
    """The same of every text in what JSON can say."""
    if isinstance(data, str):
        return legible(data)
    if isinstance(data, dict):
        return {name: legible_all(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [legible_all(value) for value in data]
    return data


def clusters(text: str) -> Iterator[str]:
    """A letter with the marks and the invisible characters that follow it: between two of them a word may be cut."""
    start = 0
    for at in range(1, len(text)):
        if not (_is_mark(text[at]) or ord(text[at]) in INVISIBLE or text[at - 1] == "\u200d"):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


@lru_cache(4096)
def _written(cluster: str) -> str:
    fonts = coverage().fonts
    has_all = -1
    written = []
    for character in cluster:
        number = ord(character)
        if number in INVISIBLE or character == "\n":
            written.append(character)
            continue
        is_control = character in TURNING or unicodedata.category(character) in CONTROLS
        has = 0 if is_control else fonts.get(number, 0)
        if _is_mark(character):
            has &= has_all
        if has:
            has_all = has
            written.append(character)
        else:
            has_all = has_all if _is_mark(character) else 0
            written.append(f"[U+{number:04X}]")
    return "".join(written)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"
