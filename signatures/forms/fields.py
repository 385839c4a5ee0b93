"""Fields of people: a name, an address, a country; and notes, which are to have none of it."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from email_validator import EmailNotValidError, validate_email

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


def check_no_address(text: str) -> None:
    if "@" in text:
        raise ValidationError(_("Without an address: this note is kept, and the address is not."))


class NameField(forms.CharField):
    """A name in letters of any script, on one line, in Unicode's composed form; or nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("First and last name"),
            max_length=MAX_NAME,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "name"}),
            error_messages={"max_length": _("A name can have at most 100 characters.")},
            **options,
        )

    def clean(self, value: Any) -> str:
        name = unicodedata.normalize("NFC", super().clean(value))
        if any(unicodedata.category(char) in UNWRITABLE or char in TURNING for char in name):
            raise ValidationError(_("A name is written on one line, in letters. Please take out other characters."))
        if name and not any(unicodedata.category(char)[0] == "L" and char not in FILLERS for char in name):
            raise ValidationError(_("A name is written on one line, in letters. Please take out other characters."))
        if len(name) > MAX_NAME:  # Unicode's composed form can be longer than what was typed
            raise ValidationError(_("A name can have at most 100 characters."))
        if REPLACEMENT in name:
            raise ValidationError(_("Your name did not arrive as you typed it. Please type it again."))
        return name


class AddressField(forms.CharField):
    """An email address, its domain as mail servers know it (IDNA 2008)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Email address"),
            max_length=254,
            widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}),
            error_messages={
                "required": _("Enter your email address. We need it to confirm your signature."),
                "max_length": _("An email address can have at most 254 characters."),
            }
            | options.pop("error_messages", {}),
            **options,
        )

    def clean(self, value: Any) -> str:
        try:
            # No look-up of the domain: a slow name server must not hold up the page.
            found = validate_email(super().clean(value), check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as error:
            raise ValidationError(_("Enter an email address like name@example.org.")) from error
        return str(found.ascii_email)  # a local part is ASCII already


class CountrySelect(forms.Select):
    """In one template: Django's own takes two more for each of its 250 options, two thirds of what the page costs."""

    template_name = "signatures/_country.html"


class CountryField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Country"),
            choices=country_choices,
            widget=CountrySelect(attrs={"autocomplete": "country"}),
            error_messages={
                "required": _("Choose your country."),
                "invalid_choice": _("Choose a country from the list."),
            },
            **options,
        )

    def valid_value(self, value: Any) -> bool:
        return value in countries.countries  # not through a list of all their names, in the order of a language
