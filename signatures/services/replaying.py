"""Replaying: what people took back after a backup was made is taken back once more in what was restored from it."""

from collections.abc import Iterable

from django.db import transaction

from signatures import suppression
from signatures.models import Retraction, Signature
from signatures.retractions import Line
from signatures.services import changing, leaving
from signatures.services.changing import Changed, is_more_visible

Kind = Retraction.Kind


def replay(lines: Iterable[Line]) -> int:
    """Does again what each line says, where that is still to be done; answers how many did something.

    Nobody is told by a letter: they were when they did it. It can be repeated, and in any order of days.
    """
    return sum(replay_one(line) for line in lines)


@transaction.atomic
def replay_one(line: Line) -> bool:
    if line.fingerprint:
        suppression.suppress(bytes.fromhex(line.fingerprint), line.kind)
        return True
    number = line.signature_number or 0  # of a signature, where it is of no address; there is none with the number 0
    if line.kind == Kind.ERASED:
        return leaving.erase(signature_id=number, is_told=False)
    if line.kind == Kind.WITHDRAWN:
        return leaving.withdraw(signature_id=number)
    signature = Signature.objects.filter(pk=number).first()
    if signature is None:
        return False
    if line.kind == Kind.NEWS_OFF:
        return signature.wants_updates and changing.set_news(signature_id=number, is_wanted=False) is Changed.DONE
    if not is_more_visible(signature.visibility, line.kind):
        return False
    wanted = changing.Line(signature.name, signature.country.code, line.kind)
    return changing.change(signature_id=number, line=wanted) is Changed.DONE
