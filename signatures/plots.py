"""Where the bars and lines of a plot lie, for templates that draw them as SVG.

Coordinates are in units of the drawing, whose width the page stretches; they are text, so that no language writes them
with a comma. Each plot carries its numbers, for the table below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 180  # of a plot over time
LEFT, RIGHT, TOP, BOTTOM = 74, 6, 12, 24  # its margins
GAP = 0.2  # of a bar's room
MOST_TICKS = 5

ROW, NAME, NUMBER = 24, 142, 66  # of a plot of rows: the height of one, and the room for its name and its number

Point = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    label: str
    n: int
    end: str = ""  # where its number begins
    middle: str = ""  # of its height


@dataclass(frozen=True, slots=True)
class Tick:
    at: str
    label: str | int
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Plot:
    width: int
    height: int
    points: Sequence[Point]
    bars: Sequence[Bar] = ()
    line: str = ""
    goal: str = ""
    across: Sequence[Tick] = ()
    up: Sequence[Tick] = ()
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def text(value: float) -> str:
    return f"{value:.1f}"


def steps(low: int, high: int) -> list[int]:
    """Round numbers from `low` to `high` at the least, a few and evenly apart."""
    step = 1
    while (high - low) / step > MOST_TICKS - 1:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    first, last = low // step, -(-high // step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


class Scale:
    """From numbers to heights in a plot over time."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.steps = steps(min(numbers), max(numbers))
        self.low, self.high = self.steps[0], self.steps[-1]

    def __call__(self, n: int) -> float:
        room = HEIGHT - TOP - BOTTOM
        return TOP + room * (self.high - n) / (self.high - self.low)

    @property
    def ticks(self) -> list[Tick]:
        return [Tick(text(self(n)), n) for n in self.steps]


def across(labels: Sequence[tuple[int, str]], room: float) -> list[Tick]:
    """Labels by the number of their point, in the middle of its room; the last does not stand out at the right."""
    limit = WIDTH - RIGHT - 30
    places = [(LEFT + room * (number + 0.5), label) for number, label in labels]
    return [Tick(text(min(at, WIDTH - RIGHT)), label, "end" if at > limit else "middle") for at, label in places]


def columns(points: Sequence[Point], labels: Sequence[tuple[int, str]]) -> Plot:
    """Bars side by side, one for each moment; a moment that lost more than it won has one below the line."""
    scale = Scale([0, *(n for _label, n in points)])
    room = (WIDTH - LEFT - RIGHT) / len(points)
    bars = []
    for number, (label, n) in enumerate(points):
        top, foot = scale(max(n, 0)), scale(min(n, 0))
        x = LEFT + room * (number + GAP / 2)
        bars.append(Bar(text(x), text(top), text(room * (1 - GAP)), text(foot - top), label, n))
    return Plot(WIDTH, HEIGHT, points, bars=bars, across=across(labels, room), up=scale.ticks)


def line(points: Sequence[Point], labels: Sequence[tuple[int, str]], goal: int) -> Plot:
    """A line through the points, below another one at the goal."""
    scale = Scale([0, goal, *(n for _label, n in points)])
    room = (WIDTH - LEFT - RIGHT) / len(points)
    places = [f"{text(LEFT + room * (at + 0.5))},{text(scale(n))}" for at, (_label, n) in enumerate(points)]
    return Plot(
        WIDTH,
        HEIGHT,
        points,
        line=" ".join(places),
        goal=text(scale(goal)),
        across=across(labels, room),
        up=scale.ticks,
    )


def rows(points: Sequence[Point]) -> Plot:
    """Bars one below the other, with a name before and a number behind each."""
    most = max(1, *(n for _name, n in points)) if points else 1
    room = WIDTH - NAME - NUMBER
    bars = [
        Bar(
            text(NAME),
            text(ROW * number + 4),
            text(room * max(n, 0) / most),
            text(ROW - 8),
            short(label),
            n,
            end=text(NAME + room * max(n, 0) / most),
            middle=text(ROW * number + ROW / 2),
        )
        for number, (label, n) in enumerate(points)
    ]
    return Plot(WIDTH, ROW * max(len(points), 1), points, bars=bars, left=NAME)


def short(label: str, most: int = 18) -> str:
    return label if len(label) <= most else f"{label[: most - 1].rstrip()}…"
