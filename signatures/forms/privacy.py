"""What staff type when somebody has written about their data."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.forms.fields import AddressField, NameField, check_no_address
from signatures.models import ModerationAct, PrivacyRequest
from signatures.services import Received

Action = ModerationAct.Action


class PrivacyRequestForm(forms.Form):
    """The address is read as the sign box reads it, and used to look for it; it is not kept."""

    email = AddressField(
        help_text=_("As it stands in the mail. It is only looked for, and not kept."),
        error_messages={"required": _("Enter the address that the person signed with.")},
    )
    kind = forms.ChoiceField(label=_("What is asked"), choices=PrivacyRequest.Kind.choices)
    received_on = forms.DateField(
        label=_("Received on"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    note = forms.CharField(
        label=_("How it came"),
        max_length=200,
        validators=[check_no_address],
        help_text=_("“Mail of 3 May”, for example; neither name nor address. Signers can read it in their own data."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    send_link = forms.BooleanField(
        required=False,
        label=_("Send the link to their page to that address"),
        help_text=_("If the mail came from another address: only who reads that mailbox can then see and change it."),
    )
    never_again = forms.BooleanField(
        required=False,
        label=_("Never write to that address again"),
        help_text=_("If the person asks for it. Only now is the address at hand; letters that wait are stopped too."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"received_on": timezone.localdate()})
        self.fields["email"].widget.attrs |= {"class": "vTextField", "autocomplete": "off"}

    def clean_received_on(self) -> Any:
        day = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day has not come yet."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("send_link") and data.get("never_again"):
            self.add_error("never_again", _("Choose one: the link goes to that address by letter."))
        return data

    @property
    def received(self) -> Received:
        return Received(**self.cleaned_data)


class AnswerForm(forms.Form):
    """What to do for which of the signatures that were found."""

    ACTS = [
        (action, action.label)
        for action in (Action.ERASE, Action.WITHDRAW, Action.CORRECT, Action.NO_NEWS, Action.COPY, Action.RESEND)
    ]

    act = forms.ChoiceField(choices=ACTS)
    chosen = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": _("Choose at least one of the signatures.")}
    )
    name = NameField()
    stays_open = forms.BooleanField(required=False)
    is_sure = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, request: PrivacyRequest) -> None:
        super().__init__(data)
        found = request.signatures.order_by("pk").values_list("pk", flat=True)
        self.fields["chosen"].choices = [(pk, pk) for pk in found]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("act") == Action.CORRECT:
            if not data.get("name") and "name" not in self.errors:
                self.add_error("name", _("Type the right name."))
            if len(data.get("chosen", [])) > 1:
                self.add_error("chosen", _("Choose the one signature whose name is to be corrected."))
        return data


class CloseForm(forms.Form):
    """What came of a request where nothing of ours was to be done."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=PrivacyRequest.Outcome.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        validators=[check_no_address],
        help_text=_("Of a refusal; neither name nor address."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        is_refused = data.get("outcome") == PrivacyRequest.Outcome.REFUSED
        if is_refused and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why: the person has a right to know."))
        if not is_refused:
            data["reason"] = ""
        return data
