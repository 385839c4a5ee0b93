"""The sign box, and the code that confirms."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import ConsentText
from signatures.forms.fields import AddressField, CountryField, NameField
from signatures.models import Signature
from signatures.services import Attempt

Visibility = Signature.Visibility


class SignForm(forms.Form):
    """The sign box. Its fields' names are what others rely on (`name`, `email`, `country`, …).

    The words that signers agree to are those of the consent text, which is kept in every version.
    """

    visibility = forms.ChoiceField(
        label=_("How should we deliver your signature?"),
        choices=[(Visibility.DELIVERED, ""), (Visibility.SECRET, "")],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how we should deliver your signature.")},
    )
    name = NameField(help_text=_("May stay empty if you want to be counted only."))
    email = AddressField(help_text=_("We send you one letter, with a link that confirms your signature."))
    country = CountryField()
    updates = forms.BooleanField(required=False)
    consent = forms.BooleanField(error_messages={"required": _("We can only count your signature if you agree.")})
    consent_id = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # People do not see it, and what is in it refuses nobody: password managers fill it, too.
    website = forms.Field(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    data: QueryDict

    def __init__(self, data: QueryDict | None = None, *, consent_text: ConsentText, default: str = "") -> None:
        super().__init__(data, initial={"visibility": default}, label_suffix="", auto_id="sign-%s")
        self.consent_text = consent_text
        self.initial.setdefault("consent_id", consent_text.pk)
        self.fields["consent"].label = consent_text.text
        self.fields["updates"].label = consent_text.news
        self.fields["visibility"].choices = [  # type: ignore[attr-defined]
            (visibility, getattr(consent_text, visibility)) for visibility in (Visibility.DELIVERED, Visibility.SECRET)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        taken = [name for name in self.fields if name != "website"]
        if repeated := [name for name in taken if len(self.data.getlist(name)) > 1]:
            raise ValidationError(
                _("“%(field)s” was sent more than once. Please send the form again."),
                params={"field": self.fields[repeated[0]].label or repeated[0]},
            )
        if data.get("visibility") == Visibility.DELIVERED and not data.get("name") and "name" not in self.errors:
            self.add_error("name", _("Enter your name, or choose to be counted only."))
        if data.get("consent_id") != self.consent_text.pk:
            # What the page showed is no longer the text in force: nobody agrees to what they have not read.
            self.data = self.data.copy()
            self.data["consent_id"] = str(self.consent_text.pk)
            self.data.pop("consent", None)
            self.add_error("consent", _("The text you agree to has changed. Please read it and tick it again."))
        return data

    @property
    def is_honeypot_filled(self) -> bool:
        return any(self.data.getlist("website"))

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


class CodeForm(forms.Form):
    """The code out of the letter, as people type it: with spaces or hyphens, or without."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}),
        error_messages={"required": _("Type the six digits of the code."), "max_length": _("The code has six digits.")},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="", auto_id="code-%s")

    def clean_code(self) -> str:
        code = re.sub(r"[\s-]", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{6}", code):
            raise ValidationError(_("The code has six digits."))
        return code
