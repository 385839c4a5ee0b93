"""Goals that rise by themselves, and round numbers."""

import pytest

from campaigns.goals import goal_for, round_down


@pytest.mark.parametrize(
    ("count", "goal"),
    [
        (0, 1000),
        (999, 1000),
        (1000, 2500),
        (2499, 2500),
        (2500, 5000),
        (5000, 10_000),
        (24_999, 25_000),
        (999_999, 1_000_000),
        (1_000_000, 2_500_000),
    ],
)
def test_the_goal_is_the_next_step(count: int, goal: int) -> None:
    assert goal_for(count) == goal


@pytest.mark.parametrize(
    ("count", "rounded"), [(0, 0), (7, 7), (99, 99), (123, 120), (12_345, 12_000), (999_999, 990_000)]
)
def test_a_round_number_never_says_too_much(count: int, rounded: int) -> None:
    assert round_down(count) == rounded
