"""Cleaning what visitors and staff type. A form judges a value by itself; who may do what is asked elsewhere."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from email_validator import EmailNotValidError, validate_email

from campaigns.models import Campaign, ConsentText
from signatures.exports import PRESETS
from signatures.models import Signature
from signatures.services import Attempt

# Categories of Unicode that no name is written with: controls, surrogates, private use, unassigned, line separators.
UNWRITABLE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters by their category that leave nothing to see.
FILLERS = "\u115f\u1160\u3164\uffa0"
# Controls that would turn the rest of a line round; the marks and joiners that scripts need are none of them.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
REPLACEMENT = "\ufffd"  # what is left of bytes that are not UTF-8


MAX_NAME = 100  # characters


def country_choices() -> list[tuple[str, str]]:
    return [("", gettext("Choose your country")), *countries]


class SignForm(forms.Form):
    """The sign box. Its fields' names are what others rely on (`name`, `email`, `country`, …)."""

    visibility = forms.ChoiceField(
        label=_("How should we deliver your signature?"),
        choices=[
            (Signature.Visibility.DELIVERED, _("With my name and country")),
            (Signature.Visibility.SECRET, _("Count me only, do not pass on my name")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how we should deliver your signature.")},
    )
    name = forms.CharField(
        label=_("First and last name"),
        max_length=MAX_NAME,
        required=False,
        help_text=_("May stay empty if you want to be counted only."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": _("A name can have at most 100 characters.")},
    )
    email = forms.CharField(
        label=_("Email address"),
        max_length=254,
        help_text=_("We send you one letter, with a link that confirms your signature."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your email address. We need it to confirm your signature."),
            "max_length": _("An email address can have at most 254 characters."),
        },
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=country_choices,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"required": _("Choose your country."), "invalid_choice": _("Choose a country from the list.")},
    )
    updates = forms.BooleanField(label=_("Send me news about this campaign by email."), required=False)
    consent = forms.BooleanField(error_messages={"required": _("We can only count your signature if you agree.")})
    consent_id = forms.IntegerField(widget=forms.HiddenInput, required=False)

    data: QueryDict

    def __init__(self, data: QueryDict | None = None, *, consent_text: ConsentText) -> None:
        super().__init__(data, label_suffix="", auto_id="sign-%s")
        self.consent_text = consent_text
        self.initial.setdefault("consent_id", consent_text.pk)
        self.fields["consent"].label = consent_text.text

    def clean_name(self) -> str:
        name = unicodedata.normalize("NFC", self.cleaned_data["name"])
        if any(unicodedata.category(char) in UNWRITABLE or char in TURNING for char in name):
            raise ValidationError(_("A name is written on one line, in letters. Please take out other characters."))
        if name and not any(unicodedata.category(char)[0] == "L" and char not in FILLERS for char in name):
            raise ValidationError(_("A name is written on one line, in letters. Please take out other characters."))
        if len(name) > MAX_NAME:  # Unicode's composed form can be longer than what was typed
            raise ValidationError(_("A name can have at most 100 characters."))
        if REPLACEMENT in name:
            raise ValidationError(_("Your name did not arrive as you typed it. Please type it again."))
        return name

    def clean_email(self) -> str:
        try:
            # No look-up of the domain: a slow name server must not hold up the page.
            found = validate_email(self.cleaned_data["email"], check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as error:
            raise ValidationError(_("Enter an email address like name@example.org.")) from error
        # The domain as mail servers know it (IDNA 2008); a local part is ASCII already.
        return str(found.ascii_email)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if repeated := [name for name in self.fields if len(self.data.getlist(name)) > 1]:
            raise ValidationError(
                _("“%(field)s” was sent more than once. Please send the form again."),
                params={"field": self.fields[repeated[0]].label or repeated[0]},
            )
        if (
            data.get("visibility") == Signature.Visibility.DELIVERED
            and not data.get("name")
            and "name" not in self.errors
        ):
            self.add_error("name", _("Enter your name, or choose to be counted only."))
        if data.get("consent_id") != self.consent_text.pk:
            # What the page showed is no longer the text in force: nobody agrees to what they have not read.
            self.data = self.data.copy()
            self.data["consent_id"] = str(self.consent_text.pk)
            self.data.pop("consent", None)
            self.add_error("consent", _("The text you agree to has changed. Please read it and tick it again."))
        return data

    @property
    def attempt(self) -> Attempt:
        data = self.cleaned_data
        return Attempt(
            name=data["name"],
            email=data["email"],
            country=data["country"],
            visibility=data["visibility"],
            wants_updates=data["updates"],
        )


class ReasonForm(forms.Form):
    """Why moderators do what they are about to do."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs={"class": "vTextField"}))


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
