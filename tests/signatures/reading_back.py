"""What programs read in a list that was typeset: poppler's `pdftotext -raw`, which prints text as it comes in the file.

Four things keep it from being what was typed, letter for letter, and each is undone as far as it goes:

- Where a line ends within a word, a zero-width space stands. Elsewhere an end of a line is a space.
- SPACED: poppler takes the room beside a sign of several glyphs for a space, and Chinese lines end anywhere. Spaces
  count for nothing.
- TURNED: it writes what runs from right to left word by word in the order of sight, Arabic and Hebrew turned round
  again between U+202B and U+202C. So compared is what is seen from left to right, without marks and joiners, which
  have no place of their own there.
- REPEATED: Typst 0.15 writes a sign whose mark is raised twice (typst/typst, issue 8767). So compared are the letters,
  however often they come.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from unicodedata import bidirectional, category

from tests.missing import give_up

SPACED = {"Long", "Hindi", "Bengali", "Tibetan"}
TURNED = {"Arabic", "Persian", "Hebrew", "N’Ko", "Adlam", "Mixed"}
REPEATED = {"Khmer", "Marked"}
WORDS = re.compile("\u202b(.*?)\u202c")


def entries(pdf: Path) -> Iterator[tuple[str, str]]:
    """The number of each row and what stands behind it."""
    command = [which("pdftotext") or give_up("This reads PDFs with poppler's pdftotext."), "-raw", pdf, "-"]
    read = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    read = read.replace("\f", "\n")
    ends = r"^\d[\d.]*\. |^Running total|^From |\Z"
    for number, text in re.findall(rf"^(\d[\d.]*)\. (.*?)(?={ends})", read, re.MULTILINE | re.DOTALL):
        yield number, " ".join(text.replace("\u200b\n", "").split())


def matches(typed: str, read: str, script: str) -> bool:
    if script in SPACED:
        return _without_spaces(typed) == _without_spaces(read)
    if script in TURNED:
        return _letters(_in_order_of_sight(typed)) == _letters(WORDS.sub(lambda words: words[1][::-1], read))
    if script in REPEATED:
        return set(_letters(typed)) == set(_letters(read))
    return typed == read


def _in_order_of_sight(text: str) -> str:
    """From left to right, of a line that begins there and whose numbers stand in no word of the other direction."""
    strong = "".join({"R": "R", "AL": "R", "L": "L"}.get(bidirectional(char), " ") for char in text)
    for run in re.finditer(r"R(?:[R ]*R)?", strong):
        text = text[: run.start()] + text[run.start() : run.end()][::-1] + text[run.end() :]
    return text


def _without_spaces(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())


def _letters(text: str) -> str:
    """Without spaces, marks and joiners."""
    return "".join(char for char in text if category(char)[0] not in "MCZ")
