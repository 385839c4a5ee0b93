"""What staff type before they act."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.exports import PRESETS
from signatures.models import ExportRecord, ModerationAct
from signatures.reasons import Reason
from signatures.services import Why

Action = ModerationAct.Action
BULK = [Action.HOLD, Action.RELEASE, Action.REJECT, Action.RESTORE, Action.HIDE, Action.SHOW]


class ReasonForm(forms.Form):
    """Why staff do for signers what they have asked for."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("How they asked: “by mail of 3 May”. Never their name or address."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class ModerationForm(forms.Form):
    """Why staff act on signatures: a fixed reason, and a note where it takes more words."""

    reason = forms.ChoiceField(
        label=_("Reason"), help_text=_("Signers read a sentence about it on their own page, in their language.")
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_(
            "For staff, and kept with the act. Whoever it is about can ask to see it. Never a name or an address."
        ),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    is_note_for_signer = forms.BooleanField(label=_("Signers read the note instead of that sentence"), required=False)

    def __init__(self, *args: Any, action: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        cast(forms.ChoiceField, self.fields["reason"]).choices = self.reasons_for(action)

    def reasons_for(self, action: str) -> list[tuple[str, Any]]:
        good = {Reason.FOUND_GOOD, Reason.OTHER}
        if action in (Action.RELEASE, Action.RESTORE, Action.SHOW):
            return [(reason.value, reason.label) for reason in Reason if reason in good]
        return [("", "---------"), *((reason.value, reason.label) for reason in Reason if reason != Reason.FOUND_GOOD)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        needs_note = data.get("reason") == Reason.OTHER or data.get("is_note_for_signer")
        if needs_note and not data.get("note") and "note" not in self.errors:
            self.add_error("note", _("Say in the note what the reason is."))
        return data

    @property
    def why(self) -> Why:
        return Why(**{name: self.cleaned_data[name] for name in ("reason", "note", "is_note_for_signer")})


class BulkForm(ModerationForm):
    """What to do with all signatures that match a list, and why."""

    action = forms.ChoiceField(
        label=_("Action"),
        choices=lambda: [("", "---------"), *((action.value, action.label) for action in BULK)],
    )
    field_order = ["action"]

    def reasons_for(self, action: str) -> list[tuple[str, Any]]:
        return [("", "---------"), *Reason.choices]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("action") in (Action.HOLD, Action.REJECT) and data.get("reason") == Reason.FOUND_GOOD:
            self.add_error("reason", _("Who is held or rejected reads the reason, and this is none."))
        return data


class PauseForm(forms.Form):
    """Why the site is paused, where there is time to say so; or why no longer."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For colleagues. Name nobody in it: it is kept."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args: Any, is_resuming: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_resuming:
            self.fields["reason"].required = False
            self.fields["reason"].label = _("Reason (may stay empty)")


class ExportForm(forms.Form):
    """Which list, in which form and why; of the lists only those that this person may have."""

    campaign = forms.ModelChoiceField(Campaign.objects.all(), label=_("Campaign"))
    preset = forms.ChoiceField(label=_("What for"))
    form = forms.ChoiceField(
        label=_("Form"),
        choices=ExportRecord.Form.choices,
        help_text=_("If everything lands in one column of the spreadsheet, use the other separator."),
    )
    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=200,
        help_text=_("Goes into the record of this export, with your name."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args: Any, presets: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        cast(forms.ChoiceField, self.fields["preset"]).choices = [(name, PRESETS[name].description) for name in presets]
