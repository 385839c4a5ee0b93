"""Goals that rise: by the steps that staff gave a campaign, then by themselves; and counts in round numbers."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

STEPS = (1, 2.5, 5)  # of each power of ten, from a thousand
LARGEST = 1_000_000_000


def goal_for(count: int, own: Iterable[int] = ()) -> int:
    """The next step that a count has not reached: of a campaign's own, else 1,000, 2,500, 5,000, 10,000, 25,000 …"""
    for step in own:
        if count < step:
            return step
    power = 1000
    while True:
        for step in (int(part * power) for part in STEPS):
            if count < step:
                return step
        power *= 10


def own_steps(text: str) -> list[int]:
    """Steps as staff write them, “500, 1000, 5000”. Raises ValidationError where that is not what the text is."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if not all(part.isdecimal() and 0 < int(part[:12]) <= LARGEST for part in parts):
        raise ValidationError(_("Write whole numbers with commas between them: 500, 1000, 5000"))
    steps = [int(part) for part in parts]
    if steps != sorted(set(steps)):
        raise ValidationError(_("Each step must be larger than the one before it."))
    return steps


def check_steps(text: str) -> None:
    """A validator: raises ValidationError where `own_steps` would."""
    own_steps(text)


def round_down(count: int) -> int:
    """A count to its first two digits: 12,345 gives 12,000."""
    unit: int = 10 ** max(len(str(count)) - 2, 0)
    return count // unit * unit
