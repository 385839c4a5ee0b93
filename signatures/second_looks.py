"""Second looks: whoever is held or rejected can ask for one, once for each decision, and reads what came of it."""

from dataclasses import dataclass
from datetime import datetime

from signatures.models import Doubt, ModerationAct, Signature

# The decisions that leave a signature uncounted.
AGAINST = (ModerationAct.Action.HOLD, ModerationAct.Action.REJECT)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """How it stands between a signer and staff. All is empty for a signature that nothing keeps from being counted."""

    may_be_asked_for: bool = False
    asked_at: datetime | None = None  # and not decided yet
    looked_at: datetime | None = None  # again, with the same outcome or another one against it


def of(signature: Signature) -> SecondLook:
    """A request is open until the next decision, whichever it is, and each decision lets the signer ask again."""
    if signature.moderation == Signature.Moderation.CLEAR or not signature.is_in_hand:
        return SecondLook()
    asked = Doubt.objects.asking().select_related("settled_by").filter(signature=signature).first()
    if asked is None:
        return SecondLook(may_be_asked_for=True)
    if asked.settled_at is None:
        return SecondLook(asked_at=asked.made_at)
    was_against = asked.settled_by is not None and asked.settled_by.action in AGAINST
    return SecondLook(may_be_asked_for=True, looked_at=asked.settled_at if was_against else None)
