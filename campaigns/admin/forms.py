"""What staff type into: a new language, and its words field by field beside the source's."""

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import CampaignText


class LanguageForm(forms.ModelForm):
    class Meta:
        model = CampaignText
        fields = ["campaign", "language"]


class WordsForm(forms.ModelForm):
    """A draft: words may be missing still, and what is there has its structure."""

    EDITED = ("alias", *CampaignText.WORDS, "reviewer")

    edition = forms.CharField(widget=forms.HiddenInput, required=False)
    still_fit = forms.MultipleChoiceField(choices=[(name, name) for name in CampaignText.WORDS], required=False)

    class Meta:
        model = CampaignText
        fields = ("alias", *CampaignText.WORDS, "reviewer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.live = CampaignText.objects.select_related("campaign").get(pk=self.instance.pk)
        self.before = self.live.with_draft()
        source = self.live.campaign.source_text
        self.source = None if source is None or self.live.is_source else source.with_draft()
        for name, field in self.fields.items():
            field.required = False
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = height(getattr(self.before, name), getattr(self.source, name, ""))
        if "edition" in self.fields:
            self.initial["edition"] = self.before.edition

    def clean(self) -> dict[str, Any]:
        """Two who edit at once are told of each other; who then saves again means it."""
        data = super().clean() or self.cleaned_data
        if data.get("edition") != self.before.edition:
            names = [name for name in self.EDITED if plain(data.get(name)) != getattr(self.before, name)]
            if names:
                self.data = cast(QueryDict, self.data).copy()
                self.data["edition"] = self.before.edition
                labels = ", ".join(str(self.fields[name].label) for name in names)
                raise forms.ValidationError(
                    _(
                        "These words were saved elsewhere since you opened this page. What you have here differs in:"
                        " %(fields)s. Save again to keep what you have here, or load the page to see what there is."
                    ),
                    params={"fields": labels},
                )
        return data


@dataclass(frozen=True, slots=True)
class Row:
    """A field and what stands beside it."""

    field: BoundField
    beside: str
    was: str
    is_drafted: bool
    is_missing: bool
    is_outdated: bool
    is_markdown: bool


def rows_of(form: WordsForm) -> list[Row]:
    """Beside a translation the source's words; beside the source those that visitors see now, where they are others."""
    missing, outdated = form.before.missing(form.source), form.before.outdated(form.source)
    rows = []
    for name in form.EDITED:
        live, drafted = getattr(form.live, name), getattr(form.before, name)
        is_word = name in CampaignText.WORDS
        if form.source is not None:
            beside = getattr(form.source, name) if is_word else ""
        else:
            beside = live if live != drafted else ""
        rows.append(
            Row(
                field=form[name],
                beside=beside,
                was=form.before.source_words.get(name, "") if name in outdated else "",
                is_drafted=live != drafted,
                is_missing=name in missing,
                is_outdated=name in outdated,
                is_markdown=name in (*CampaignText.MARKDOWN, "sections"),
            )
        )
    return rows


def plain(typed: str | None) -> str:
    """As `CampaignText.clean` will have it."""
    return (typed or "").replace("\r\n", "\n").strip()


def height(*texts: str) -> int:
    """Lines of the input: room for the longer of the two as it wraps beside the other."""
    return max(3, min(30, max(sum(1 + len(line) // 50 for line in text.split("\n")) for text in texts) + 1))
