"""Cuts a list of names into pages of two columns, by how wide its letters are, before Typst sees it.

So each page can say the running total at its foot. The widths are those of the fonts, rounded up, and a column keeps a
line free: should a name take more lines than was reckoned with, Typst goes on on a page more, and nothing is lost.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil

from signatures.deliveries.legible import clusters, coverage, legible

# In the measures of `typst/list.typ`: lines of its rows, and tenths of an em of what is written.
LINES = 58  # of a column; there is room for 60, of which the sum takes one
COLUMN = 281
INDENT = 34  # the number, and what stands under it on a second line, are at least so wide
TITLE, ABOUT = 370, 530  # the same of what stands at the top of the first page
TITLE_LINE, ABOUT_LINE, GAPS = 1.5, 1.2, 3.5  # and how high it stands there

BREAK = "\u200b"  # takes no room and shows nothing; who copies the text finds it where a line ends within a word

Row = Sequence[str]  # the number as it is written, the name, the country or nothing
Column = list[tuple[str, str, str]]


def pages(rows: Iterable[Row], *, title: str, about: str = "") -> Iterator[list[Column]]:
    """The rows of each page, by column. The first page leaves room for the title and for what stands under it."""
    top = ceil(lines(title, TITLE) * TITLE_LINE + (lines(about, ABOUT) * ABOUT_LINE if about else 0) + GAPS)
    columns: list[Column] = [[], []]
    at, left = 0, LINES - top
    for number, name, country in rows:
        name, country = legible(name), legible(country)
        width = COLUMN - max(INDENT, reckoned(f"{number}. "))
        need = lines(" · ".join(filter(None, (name, country))), width)
        if need > left and columns[at]:
            at += 1
            if at == len(columns):
                yield columns
                columns, at, top = [[], []], 0, 0
            left = LINES - top
        columns[at].append((number, BREAK.join(pieces(name, width)), country))
        left -= need
    if columns[0]:
        yield columns


def lines(text: str, width: int) -> int:
    """How many lines of that width a text takes, of words as long as they may be."""
    if reckoned(text) <= width:
        return 1
    n, used = 1, 0
    for word in text.split(" "):
        for piece in pieces(word, width):
            wide = reckoned(piece)
            if used + wide > width and used:
                n, used = n + 1, 0
            used += wide
        used += reckoned(" ")
    return n


def pieces(text: str, width: int) -> list[str]:
    """The text, cut where a word is wider than a line."""
    if reckoned(text) <= width:
        return [text]
    cut, start, used = [], 0, 0
    end = 0
    for cluster in clusters(text):
        wide = reckoned(cluster)
        if cluster[0] == " ":
            used = 0
        elif used + wide > width and used:
            cut.append(text[start:end])
            start, used = end, wide
        else:
            used += wide
        end += len(cluster)
    return [*cut, text[start:]]


def reckoned(text: str) -> int:
    """Tenths of an em."""
    widths = coverage().widths
    return sum(widths.get(ord(character), 0) for character in text)
