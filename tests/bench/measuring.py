"""Our rate beside a yardstick's, measured in turn: whatever the machine does besides then slows both."""

import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Round:
    """How many of something a second."""

    ours: float
    yardstick: float

    @property
    def ratio(self) -> float:
        return self.ours / self.yardstick


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    yardstick: str
    reach: float | None  # the ratio that is asked for; None: only reported
    rounds: Sequence[Round]
    waits: Sequence[float] = field(default=(), repr=False)  # seconds that each of ours took, where that is known
    remark: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(each.ratio for each in self.rounds)

    @property
    def is_reached(self) -> bool:
        return self.reach is None or self.ratio >= self.reach

    @property
    def spread(self) -> tuple[float, float]:
        ratios = [each.ratio for each in self.rounds]
        return min(ratios), max(ratios)

    def percentiles(self) -> dict[str, float]:
        """Milliseconds that 50, 95 and 99 of a hundred of ours took at the most."""
        if len(self.waits) < 2:
            return {}
        cuts = statistics.quantiles(self.waits, n=100, method="inclusive")
        return {f"p{part}": round(1000 * cuts[part - 1], 2) for part in (50, 95, 99)}

    def data(self) -> dict[str, object]:
        return {
            "what": self.what,
            "yardstick": self.yardstick,
            "reach": self.reach,
            "ratio": round(self.ratio, 3),
            "spread": [round(end, 3) for end in self.spread],
            "ours_per_second": [round(each.ours, 1) for each in self.rounds],
            "yardstick_per_second": [round(each.yardstick, 1) for each in self.rounds],
            "milliseconds": self.percentiles(),
            "remark": self.remark,
        }


def in_turn(ours: Callable[[], float], yardstick: Callable[[], float], rounds: int = ROUNDS) -> list[Round]:
    """Measures both so many times, one after the other, each beginning every second time."""
    done = []
    for number in range(rounds):
        if number % 2:
            rate = ours()
            done.append(Round(rate, yardstick()))
        else:
            rate = yardstick()
            done.append(Round(ours(), rate))
    return done


HEADING = f"{'what':44} {'beside':44} {'ours/s':>9} {'its/s':>9} {'ratio':>6} {'spread':>13} {'reach':>6}  p50/p95/p99"


def line(figure: Figure) -> str:
    ours = statistics.median(each.ours for each in figure.rounds)
    yardstick = statistics.median(each.yardstick for each in figure.rounds)
    low, high = figure.spread
    reach = "" if figure.reach is None else f"{figure.reach:.2f}"
    waits = "/".join(f"{value:g}" for value in figure.percentiles().values())
    mark = "" if figure.is_reached else "  NOT REACHED"
    return (
        f"{figure.what:44} {figure.yardstick:44} {ours:9,.0f} {yardstick:9,.0f} {figure.ratio:6.2f}"
        f" {low:5.2f} to {high:4.2f} {reach:>6}  {waits}{mark}"
    )


def report(figures: Iterator[Figure], to: Path) -> list[Figure]:
    """Prints each figure once it is there, and writes all of them as JSON."""
    print(HEADING)
    done = []
    for figure in figures:
        done.append(figure)
        print(line(figure), flush=True)
        if figure.remark:
            print(f"{'':4}{figure.remark}", flush=True)
        to.write_text(json.dumps([each.data() for each in done], indent=1) + "\n")
    print(f"\nAs JSON: {to}", file=sys.stderr)
    return done
