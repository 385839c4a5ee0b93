"""A table of signals as staff try it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from signatures.signals import BadTable, Table, read_table


class SignalsForm(forms.Form):
    """Reads what is typed into a table, in the words of the setting."""

    table = forms.CharField(
        label=_("Another table"),
        max_length=2000,
        required=False,
        help_text=_(
            "What leads to what, with spaces between: crowd=challenge crowd+one_domain=hold. Of several that fit, the"
            " strongest counts: hold, challenge, nothing. No signal may hold alone. Empty: nothing leads to anything."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_table(self) -> Table:
        try:
            return read_table(self.cleaned_data["table"])
        except BadTable as error:
            raise ValidationError(f"{gettext(error.words) % error.parts}.") from error
