"""What staff type before they act."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.exports import PRESETS
from signatures.models import ExportRecord


class ReasonForm(forms.Form):
    """Why staff do what they are about to do."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Signers can read it on their own page while their signature is held or rejected."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


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
