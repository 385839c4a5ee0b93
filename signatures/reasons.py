"""The fixed reasons of moderation: what each means for staff, and the sentence that its signer reads.

`Signature.moderation_reason` holds the word of a fixed reason, or what staff wrote for the signer to read.
"""

from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Reason(TextChoices):
    NAME = "name", _("a victim’s or politician’s name")
    INSULT = "insult", _("an insult")
    DUPLICATE = "duplicate", _("a duplicate")
    TEST = "test", _("a test")
    MADE_UP = "made_up", _("one of many that look made up")
    FOUND_GOOD = "found_good", _("looked at and found good")
    OTHER = "other", _("another reason")


# Nobody chooses these: a rule of staff, or signals together, held the signature when it was made.
RULE = "rule"
SIGNALS = "signals"

GUIDE: dict[str, "StrOrPromise"] = {
    Reason.NAME: _(
        "The name of somebody who was killed, of a minister, a judge or a celebrity, signed by somebody else. Many"
        " people share a name: hold it when in doubt, and hide the name rather than reject the person."
    ),
    Reason.INSULT: _("The name is an insult, a slogan or an advertisement. A nickname is not an insult."),
    Reason.DUPLICATE: _(
        "The same person has signed under another address. Two relatives may share an address, and namesakes are not"
        " duplicates."
    ),
    Reason.TEST: _("Somebody tried the form: “test”, “asdf”, one of us."),
    Reason.MADE_UP: _("Part of a burst or a cluster whose names or addresses follow a pattern."),
    Reason.FOUND_GOOD: _("For what is released, restored or shown again."),
    Reason.OTHER: _("Say it in the note."),
}

FOR_SIGNERS: dict[str, "StrOrPromise"] = {
    Reason.NAME: _(
        "The name is that of a victim or of somebody in public life, and we could not tell whether it is yours."
    ),
    Reason.INSULT: _("The name reads as an insult or a slogan."),
    Reason.DUPLICATE: _("It looks as if you have signed under another address already."),
    Reason.TEST: _("It looks like a test of the form."),
    Reason.MADE_UP: _("It came together with many that look made up."),
    Reason.OTHER: _("Those who look after the petition have noted why."),
    RULE: _("A rule of ours holds signatures like this one back until somebody has looked at them."),
    SIGNALS: _(
        "It came together with many others in a way that programs sign. People do too, so somebody looks at it first."
    ),
}


def for_signer(reason: str) -> "StrOrPromise":
    """The sentence for a fixed reason; what staff wrote for the signer comes back as it is."""
    return FOR_SIGNERS.get(reason, reason)


def for_staff(reason: str) -> "StrOrPromise":
    if reason == RULE:
        return _("held by a rule")
    if reason == SIGNALS:
        return _("held by signals together")
    return Reason(reason).label if reason in Reason.values else reason
