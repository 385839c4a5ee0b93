"""What staff type before they act."""

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.exports import PRESETS


class ReasonForm(forms.Form):
    """Why staff do what they are about to do."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Signers can read it on their own page while their signature is held or rejected."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class ExportForm(forms.Form):
    campaign = forms.ModelChoiceField(Campaign.objects.all(), label=_("Campaign"))
    preset = forms.ChoiceField(
        label=_("What for"), choices=[(name, preset.description) for name, preset in PRESETS.items()]
    )
    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=200,
        help_text=_("Goes into the record of this export, with your name."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
