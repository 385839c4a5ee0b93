"""A rule as staff write it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from signatures import addresses, rules
from signatures.forms.fields import check_no_address
from signatures.models import Rule


class RuleForm(forms.ModelForm):
    """What can be changed of a rule."""

    class Meta:
        model = Rule
        fields = ["note", "expires_at"]
        help_texts = {"note": _("What it is about and why; neither name nor address. For staff only.")}

    def clean_note(self) -> str:
        note = str(self.cleaned_data["note"])
        check_no_address(note)
        return note


class NewRuleForm(RuleForm):
    """Reads what is typed into the rule's pattern and key. Of an address neither form nor rule keeps more than that."""

    what = forms.CharField(
        label=_("Domain, address or network"),
        max_length=254,
        help_text=_(
            "A domain catches addresses at just this domain: example.org. *.example.org catches those at all its"
            " subdomains and not at example.org itself; example.* catches example under each ending. Case does not"
            " matter. An address is kept as a fingerprint only, which also catches it with +tags and, where the"
            " provider ignores them, other dots. A network is one address, or 203.0.113.0/24 or 2001:db8:7::/48."
        ),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
    )
    is_sure = forms.BooleanField(
        label=_("I mean all of them"),
        required=False,
        help_text=_(
            "Only for what catches many people who have nothing to do with each other: large mail providers, endings"
            " like *.com.pe, and networks larger than /24 or /48."
        ),
    )

    class Meta(RuleForm.Meta):
        fields = ["kind", "action", "note", "expires_at"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind, what = data.get("kind"), data.get("what")
        if not (kind and what):
            return data
        try:
            self.read(kind, what)
        except rules.BadPattern as error:
            self.add_error("what", str(error))
            return data
        if rules.is_broad(kind, self.instance.pattern) and not data.get("is_sure"):
            self.add_error("is_sure", _("This catches very many people. Tick this if you mean it."))
        return data

    def read(self, kind: str, what: str) -> None:
        """Raises BadPattern."""
        rule = self.instance
        if kind == Rule.Kind.ADDRESS:
            rule.pattern = ""
            rule.key = addresses.rule_fingerprint(rules.read_address(what)).hex()
        else:
            pattern = rules.read_domain(what) if kind == Rule.Kind.DOMAIN else str(rules.read_network(what))
            rule.pattern = rule.key = pattern
