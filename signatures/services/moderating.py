"""Moderation: staff hold signatures back, release, reject and restore them, hide names and show them again.

Each act leaves an account, with what every signature was before, so that it can be undone.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from signatures.models import Doubt, ModeratedSignature, ModerationAct, Signature, SignatureQuerySet, Staff

Action = ModerationAct.Action
Moderation = Signature.Moderation

# What an act sets; the rows that have it already are passed over, unless they ask for a second look. A reason that
# signers read belongs to what is set.
SETS: dict[str, dict[str, object]] = {
    Action.HOLD: {"moderation": Moderation.HELD},
    Action.RELEASE: {"moderation": Moderation.CLEAR},
    Action.REJECT: {"moderation": Moderation.REJECTED},
    Action.RESTORE: {"moderation": Moderation.CLEAR},
    Action.HIDE: {"is_name_hidden": True},
    Action.SHOW: {"is_name_hidden": False},
}
IS_DOUBTED = Q(pk__in=Doubt.objects.open().values("signature"))
# Who asks for a second look is answered, also where it changes nothing.
ASKS = Q(pk__in=Doubt.objects.open().asking().values("signature"))
# The rows that an act is for, among those that moderation can act on at all.
MEANT: dict[str, Q] = {
    Action.HOLD: ~Q(moderation=Moderation.HELD) | ASKS,
    # Whoever finds a doubted signature good releases it, although nothing holds it.
    Action.RELEASE: Q(moderation=Moderation.HELD) | (Q(moderation=Moderation.CLEAR) & IS_DOUBTED),
    Action.REJECT: ~Q(moderation=Moderation.REJECTED) | ASKS,
    Action.RESTORE: Q(moderation=Moderation.REJECTED),
    Action.HIDE: Q(is_name_hidden=False),
    Action.SHOW: Q(is_name_hidden=True),
}
# Where the account keeps what a field was before.
BEFORE = {"moderation": "before", "moderation_reason": "reason_before", "is_name_hidden": "was_hidden"}


@dataclass(frozen=True, slots=True)
class Why:
    """The reason for an act (`reasons.Reason`, or staff's own words) and a note, for staff alone unless it says so."""

    reason: str
    note: str = ""
    is_note_for_signer: bool = False

    @property
    def for_signer(self) -> str:
        return self.note if self.note and self.is_note_for_signer else self.reason


def hold(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Takes signatures out of the count until somebody has looked at them."""
    return moderate(action=Action.HOLD, signatures=signatures, why=Why(reason), staff=staff)


def release(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Finds held signatures good, and those that were only doubted: confirmed ones count again."""
    return moderate(action=Action.RELEASE, signatures=signatures, why=Why(reason), staff=staff)


def reject(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Finds signatures bad: they do not count. `restore` takes it back."""
    return moderate(action=Action.REJECT, signatures=signatures, why=Why(reason), staff=staff)


def restore(*, signatures: SignatureQuerySet, reason: str, staff: Staff) -> ModerationAct:
    """Takes a rejection back: confirmed signatures count again."""
    return moderate(action=Action.RESTORE, signatures=signatures, why=Why(reason), staff=staff)


def meant_by(action: str, signatures: SignatureQuerySet) -> SignatureQuerySet:
    """Those of the signatures on which the act would have an effect."""
    return signatures.in_hand().filter(MEANT[action])


@transaction.atomic
def moderate(*, action: str, signatures: SignatureQuerySet, why: Why, staff: Staff) -> ModerationAct:
    """Does an act at once, on no more signatures than one page shows, and writes the account. `bulk` is for more."""
    act = ModerationAct.objects.create(staff=staff, action=action, reason=why.reason, note=why.note, how_many=0)
    apply(act, signatures, why)
    return act


def what_is_set(action: str, why: Why) -> dict[str, object]:
    """With the reason that signers read, which a clear signature has none of."""
    sets = dict(SETS[action])
    if "moderation" in sets:
        sets["moderation_reason"] = "" if sets["moderation"] == Moderation.CLEAR else why.for_signer
    return sets


def apply(act: ModerationAct, signatures: SignatureQuerySet, why: Why) -> None:
    """Does what an act says to some signatures, and adds them to its account. Call it in a transaction."""
    # In the order of the key, so that two acts over the same rows wait for each other instead of locking up.
    rows = list(
        meant_by(act.action, signatures)
        .order_by("pk")
        .select_for_update(no_key=True)  # letters and consent of these people may be written meanwhile
        .values_list("pk", "moderation", "moderation_reason", "is_name_hidden")
    )
    ids = [pk for pk, *_ in rows]
    ModeratedSignature.objects.bulk_create(
        ModeratedSignature(act=act, signature_id=pk, before=before, reason_before=reason, was_hidden=was_hidden)
        for pk, before, reason, was_hidden in rows
    )
    sets = what_is_set(act.action, why)
    if sets.get("moderation") == Moderation.HELD:
        sets["held_at"] = timezone.now()
    if "moderation" in sets:
        doubts = Doubt.objects.open().filter(signature__in=ids)
        doubts.locked().update(settled_at=timezone.now(), settled_by=act)
    Signature.objects.filter(pk__in=ids).update(**sets)
    act.how_many += len(rows)
    act.save(update_fields=["how_many"])


def undo(undoing: ModerationAct, moderated: list[ModeratedSignature], why: Why) -> None:
    """Puts back what an act did to some signatures, where it still is as that act left it. Call it in a transaction.

    `moderated` has one at least, all of the same act. Whatever was withdrawn or erased since, or acted on by somebody
    else, stays as it is.
    """
    act = moderated[0].act
    left = what_is_set(act.action, why)
    # Locked first and looked at then: what was committed while we waited for a row is seen.
    locked = Signature.objects.in_hand().filter(pk__in=[row.signature_id for row in moderated], **left)
    rows = {
        row[0]: row[1:]
        for row in locked.order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", "moderation", "moderation_reason", "is_name_hidden")
    }
    decided = ModeratedSignature.objects.filter(act__action__in=[*SETS, Action.UNDO])
    acts_on_them = decided.filter(signature__in=rows).order_by().values("signature")
    latest = set(acts_on_them.annotate(latest=Max("pk")).values_list("latest", flat=True))
    restored = [row for row in moderated if row.pk in latest]
    ids = sorted(row.signature_id for row in restored)
    # Few different ones: an update for each is planned better than one that looks each row up.
    befores = {tuple(getattr(row, BEFORE[name]) for name in left) for row in restored}
    for before in befores:
        same = [row.signature_id for row in restored if tuple(getattr(row, BEFORE[name]) for name in left) == before]
        Signature.objects.filter(pk__in=same).update(**dict(zip(left, before, strict=True)))
    Doubt.objects.filter(settled_by=act, signature__in=ids).locked().update(settled_at=None, settled_by=None)
    # Whom this has cleared has nothing to ask for any more.
    clear = Signature.objects.filter(pk__in=ids, moderation=Moderation.CLEAR).values("pk")
    asking = Doubt.objects.open().asking().filter(signature__in=clear)
    asking.locked().update(settled_at=timezone.now(), settled_by=undoing)
    ModeratedSignature.objects.bulk_create(
        ModeratedSignature(act=undoing, signature_id=pk, before=now, reason_before=reason, was_hidden=was_hidden)
        for pk, (now, reason, was_hidden) in ((pk, rows[pk]) for pk in ids)
    )
    undoing.how_many += len(ids)
    undoing.save(update_fields=["how_many"])
