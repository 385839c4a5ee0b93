"""What every signer's request needs of a campaign, remembered by each process for a moment: among a hundred in a second
it is the same."""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, TypeVar, cast

from django.conf import settings

MOST = 1000  # answers, of campaigns and their languages

Answer = TypeVar("Answer")
_kept: dict[Hashable, tuple[float, Any]] = {}


def for_a_moment(key: Hashable, look: Callable[[], Answer]) -> Answer:
    """What `look` answers, or has answered within the last REMEMBERED_FOR seconds. Nobody may change it.

    So what staff change holds a second later; whether a campaign is open goes by its own dates, and holds at once.
    """
    now = monotonic()
    until, answer = _kept.get(key, (0.0, None))
    if now >= until:
        answer = look()
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[key] = now + settings.REMEMBERED_FOR, answer
    return cast(Answer, answer)
