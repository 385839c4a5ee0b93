"""Lines of CSV by the piece: values that hold line feeds and quotes of their own stay whole."""

from hypothesis import given
from hypothesis import strategies as st

from signatures.exports import lines
from signatures.exports.forms import STARTS

ROWS = st.lists(st.lists(st.text(st.sampled_from('a"\n\r,;'), max_size=6), min_size=2, max_size=3), max_size=8)


def written(rows: list[list[str]], end: str = "\n") -> bytes:
    """As COPY quotes: whatever would be read otherwise."""
    return "".join(",".join(map(quoted, row)) + end for row in rows).encode()


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if set(value) & set('",\n\r') else value


@given(rows=ROWS)
def test_the_end_of_each_line_changes_and_nothing_within_a_value(rows: list[list[str]]) -> None:
    assert lines.ended_by(b"\r\n", written(rows)) == written(rows, "\r\n")


@given(rows=ROWS, at=st.integers(0, 8))
def test_a_piece_is_cut_between_lines_and_its_lines_are_counted(rows: list[list[str]], at: int) -> None:
    at = min(at, len(rows))

    assert lines.how_many(written(rows)) == len(rows)
    assert lines.cut(written(rows), at) == (written(rows[:at]), written(rows[at:]))


def test_what_is_taken_for_harmless_by_its_first_character_begins_no_formula() -> None:
    """forms.Form.text looks no further at what begins between these."""
    assert [char for char in f"{STARTS}'" if ord("A") <= ord(char) < ord("＋")] == []
