"""Pages of a list: nothing is lost, columns are filled in their order, and no name is too wide for its line."""

from signatures.deliveries.paging import BREAK, COLUMN, LINES, lines, pages, pieces, reckoned
from tests.signatures.many_names import many_names


def rows(names: list[str]) -> list[tuple[str, str, str]]:
    return [(str(n), name, "Perú") for n, name in enumerate(names, 1)]


def test_no_row_is_lost_and_none_changes_its_place() -> None:
    names = [name for script, name in many_names() if script != "Fontless"]

    cut = list(pages(rows(names), title="Lista"))

    assert [(n, name.replace(BREAK, ""), land) for page in cut for column in page for n, name, land in column] == rows(
        names
    )


def test_short_names_fill_both_columns_of_all_pages_but_the_last() -> None:
    cut = list(pages(rows(["Ana"] * 300), title="Lista"))

    assert [[len(column) for column in page] for page in cut[1:]] == [
        [LINES, LINES],
        [LINES, 300 - sum(map(len, cut[0])) - 3 * LINES],
    ]


def test_the_first_page_has_room_for_what_stands_at_its_top() -> None:
    [short, *_rest] = pages(rows(["Ana"] * 200), title="Lista")
    [long, *_rest] = pages(rows(["Ana"] * 200), title="Lista " * 20, about="Qué es esto. " * 50)

    assert len(long[0]) == len(long[1]) < len(short[0]) == len(short[1]) < LINES


def test_a_list_of_nobody_has_no_page() -> None:
    assert list(pages([], title="Lista")) == []


def test_long_names_take_lines() -> None:
    assert lines("Ana Quispe", COLUMN) == 1
    assert lines("María de los Ángeles " * 4, COLUMN) == 2
    assert lines("W" * 100, COLUMN) == 4
    assert lines("王" * 60, COLUMN) == 3


def test_words_wider_than_a_line_are_cut_between_clusters() -> None:
    for _script, name in many_names():
        cut = pieces(name, COLUMN)
        assert "".join(cut) == name
        assert all(reckoned(word) <= COLUMN for piece in cut for word in piece.split())

    assert pieces("María Quispe " * 8, COLUMN) == ["María Quispe " * 8]
    assert pieces("e\u0301" * 100, 60) == ["e\u0301" * 10] * 10
