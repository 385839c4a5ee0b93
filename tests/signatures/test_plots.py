"""Plots: where bars and lines lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures import plots

NUMBERS = st.lists(st.integers(-(10**7), 10**8), min_size=1, max_size=70)


def points(numbers: list[int]) -> list[plots.Point]:
    return [(f"point {at}", n) for at, n in enumerate(numbers)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 0, [0, 1]),
        (0, 1, [0, 1]),
        (0, 4, [0, 1, 2, 3, 4]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0, 950, [0, 500, 1000]),
        (-30, 120, [-50, 0, 50, 100, 150]),
        (0, 1_000_000, [0, 500_000, 1_000_000]),
    ],
)
def test_the_axis_has_a_few_round_numbers(low: int, high: int, expected: list[int]) -> None:
    assert plots.steps(low, high) == expected


@given(NUMBERS)
def test_every_bar_lies_within_the_plot_and_is_as_high_as_its_number(numbers: list[int]) -> None:
    plot = plots.columns(points(numbers), [(0, "first"), (len(numbers) - 1, "last")])

    assert [bar.n for bar in plot.bars] == numbers
    largest = max(numbers, key=abs)
    for bar in plot.bars:
        y, height = float(bar.y), float(bar.height)
        assert y >= plots.TOP - 0.1
        assert y + height <= plots.HEIGHT - plots.BOTTOM + 0.2
        assert plots.LEFT <= float(bar.x) < plots.WIDTH - plots.RIGHT
        if bar.n == largest and largest:
            assert height == max(float(other.height) for other in plot.bars)
            assert height > 10


@given(NUMBERS, st.integers(1, 10**9))
def test_a_line_lies_below_its_goal_until_it_has_reached_it(numbers: list[int], goal: int) -> None:
    plot = plots.line(points(numbers), [], goal)

    heights = [float(place.partition(",")[2]) for place in plot.line.split()]
    for n, height in zip(numbers, heights, strict=True):
        assert (height >= float(plot.goal)) if n <= goal else (height <= float(plot.goal))


def test_rows_are_as_long_as_their_numbers_and_leave_room_for_them() -> None:
    plot = plots.rows([("Perú", 200), ("A country with a rather long name", 50), ("Lost", -3)])

    lengths = [float(bar.width) for bar in plot.bars]
    assert lengths == [plots.WIDTH - plots.NAME - plots.NUMBER, lengths[0] / 4, 0]
    assert [bar.label for bar in plot.bars] == ["Perú", "A country with a…", "Lost"]
    assert plot.height == 3 * plots.ROW
    assert plots.rows([]).bars == []
