"""Goals that rise by themselves, and counts in round numbers for pictures that are kept."""

STEPS = (1, 2.5, 5)  # of each power of ten, from a thousand


def goal_for(count: int) -> int:
    """The next step that a count has not reached: 1,000, 2,500, 5,000, 10,000, 25,000 …"""
    power = 1000
    while True:
        for step in STEPS:
            if count < step * power:
                return int(step * power)
        power *= 10


def round_down(count: int) -> int:
    """A count to its first two digits: 12,345 gives 12,000."""
    unit: int = 10 ** max(len(str(count)) - 2, 0)
    return count // unit * unit
