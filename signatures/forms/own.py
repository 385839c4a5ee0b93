"""What signers type on their own page, and where they ask for the way to it."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import ConsentText
from signatures.forms.fields import AddressField, CountryField, NameField
from signatures.models import Signature
from signatures.services import Line, is_more_visible

Visibility = Signature.Visibility


class ChangeForm(forms.Form):
    """Name, country and who sees them. Without a fresh link nothing more visible can be chosen.

    Nor can the page of the petition, while it shows no names: nobody agrees to what does not happen.
    """

    visibility = forms.ChoiceField(
        label=_("Who sees your name and country?"),
        choices=[],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose who sees your name and country."),
            "invalid_choice": _("To show more, open this page by a new link out of your mailbox."),
        },
    )
    name = NameField(help_text=_("Is deleted if you are counted only."))
    country = CountryField()
    agrees = forms.BooleanField(required=False, label=_("I agree that more people than before see my name."))

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        signature: Signature,
        consent_text: ConsentText,
        is_fresh: bool,
        is_paused: bool = False,
    ) -> None:
        line = {"name": signature.name, "country": signature.country.code, "visibility": signature.visibility}
        super().__init__(data, initial=line, label_suffix="", auto_id="own-%s")
        self.signature = signature
        levels = [
            (level, getattr(consent_text, level))
            for level in (Visibility.PUBLIC, Visibility.DELIVERED, Visibility.SECRET)
            if not is_more_visible(level, signature.visibility)
            or (is_fresh and not (is_paused and level == Visibility.PUBLIC))
        ]
        self.fields["visibility"].choices = levels  # type: ignore[attr-defined]
        if not is_fresh:
            # A name in the place of another could unmask somebody: what is posted for it is not even read.
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("To change your name, open this page by a new link out of your mailbox.")
        if levels[0][0] == signature.visibility:
            del self.fields["agrees"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        visibility = data.get("visibility")
        if visibility and visibility != Visibility.SECRET and not data.get("name") and "name" not in self.errors:
            self.add_error("name", _("Enter your name, or choose to be counted only."))
        if visibility and is_more_visible(visibility, self.signature.visibility) and not data.get("agrees"):
            self.add_error("agrees", _("To show more than before we need your agreement."))
        return data

    @property
    def line(self) -> Line:
        data = self.cleaned_data
        return Line(name=data["name"], country=data["country"], visibility=data["visibility"])


class AddressForm(forms.Form):
    """One address, for a letter."""

    email = AddressField(error_messages={"required": _("Enter an email address.")})

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="", auto_id="address-%s")
