"""What staff type about a delivery: its letter before it is made, and what came of it afterwards."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.deliveries import cover
from signatures.deliveries.handing_over import Facts
from signatures.models import Delivery, Pack

LINE = {"class": "vTextField", "autocomplete": "off"}
DAY = {"type": "date"}
MAX_SCAN = 10 * 1024 * 1024  # bytes
# How a file begins that is what it says.
SCANS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY), **options)


class NotToCome(forms.Form):
    """Forms about a day that was."""

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day has not come yet."))
        return day


class ChooseCampaignForm(forms.Form):
    campaign = forms.ModelChoiceField(Campaign.objects.published(), label=_("Campaign"))


class DeliveryForm(forms.Form):
    """A delivery that is to be made, with a letter in each language."""

    day = day_field(_("Day of the delivery"), help_text=_("The letter has this date."))
    place = forms.CharField(
        label=_("Place"), max_length=100, help_text=_("Where the letter is signed."), widget=forms.TextInput(attrs=LINE)
    )
    volume_megabytes = forms.IntegerField(
        label=_("Size of a volume"),
        initial=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("In megabytes: no PDF is larger. Ask the desk how large a file may be."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, letters: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(data, initial={"day": timezone.localdate(), "place": "Lima"})
        self.languages = list(letters)
        for language, words in letters.items():
            name = gettext(get_language_info(language)["name"])
            is_main = language == cover.MAIN
            self.fields[f"subject_{language}"] = forms.CharField(
                label=gettext("Subject: %(language)s") % {"language": name},
                max_length=200,
                required=is_main,
                initial=words["subject"],
                widget=forms.TextInput(attrs=LINE | {"lang": language}),
            )
            self.fields[f"body_{language}"] = forms.CharField(
                label=gettext("Cover letter: %(language)s") % {"language": name},
                required=is_main,
                initial=words["body"],
                widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 16, "lang": language}),
                help_text="" if is_main else _("An annex. Empty: there is none in this language."),
            )

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if day < timezone.localdate():
            raise ValidationError(_("This day is over."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in [name for name in data if name.startswith(("subject_", "body_"))]:
            if unknown := cover.unknown_places(data[name]):
                said = _("This means nothing here: %(places)s. Braces are for: %(known)s")
                known = ", ".join(f"{{{place}}}" for place in cover.KNOWN)
                self.add_error(name, ValidationError(said, params={"places": " ".join(unknown), "known": known}))
        for language in self.languages:
            if data.get(f"body_{language}") and not data.get(f"subject_{language}", "-"):
                self.add_error(f"subject_{language}", _("A letter has a subject."))
        return data

    @property
    def asked(self) -> dict[str, Any]:
        """As `deciding.make` takes it."""
        data = self.cleaned_data
        return {name: data[name] for name in ("day", "place", "volume_megabytes")} | {
            "letters": {
                language: {"subject": data[f"subject_{language}"], "body": newlines(data[f"body_{language}"])}
                for language in self.languages
            }
        }

    @property
    def digest(self) -> str:
        """By which we know that what is made is what was looked at."""
        return hashlib.sha256(json.dumps(self.asked, default=str, sort_keys=True).encode()).hexdigest()


def newlines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


class WithdrawDeliveryForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It stays with the delivery. Never a name or an address."),
        widget=forms.TextInput(attrs=LINE),
    )


class HandedOverForm(NotToCome):
    """When, how and to whom; the numbers may come later."""

    on = day_field(_("Handed over on"))
    how = forms.CharField(
        label=_("How"),
        max_length=200,
        help_text=_("At the desk, through the virtual desk, by registered mail …"),
        widget=forms.TextInput(attrs=LINE),
    )
    to_whom = forms.CharField(
        label=_("To whom"), max_length=200, help_text=_("The office that took it."), widget=forms.TextInput(attrs=LINE)
    )
    receipt_number = forms.CharField(
        label=_("Filing receipt (cargo)"), max_length=100, required=False, widget=forms.TextInput(attrs=LINE)
    )
    case_number = forms.CharField(
        label=_("Case number (expediente)"), max_length=100, required=False, widget=forms.TextInput(attrs=LINE)
    )
    pack = forms.ModelChoiceField(
        Pack.objects.none(),
        label=_("The pack that was handed over"),
        help_text=_("As it was downloaded. By its SHA-256 it can be told from others."),
    )

    def __init__(self, data: Any = None, *, delivery: Delivery) -> None:
        """Once it is recorded which pack the addressee has, that stays."""
        facts = ("how", "to_whom", "receipt_number", "case_number")
        initial = {name: getattr(delivery, name) for name in facts}
        super().__init__(data, initial=initial | {"on": delivery.handed_over_on or timezone.localdate()})
        if delivery.is_handed_over:
            del self.fields["pack"]
            return
        packs = delivery.packs.exclude(made_at=None)
        field = self.fields["pack"]
        field.queryset, field.initial = packs, packs.first()  # type: ignore[attr-defined]
        field.label_from_instance = label_of  # type: ignore[attr-defined]

    @property
    def facts(self) -> Facts:
        return Facts(**{name: value for name, value in self.cleaned_data.items() if name != "pack"})


def label_of(pack: Pack) -> str:
    moment = timezone.localtime(pack.made_at)
    return f"{moment:%Y-%m-%d %H:%M} · {pack.signatures} · {pack.sha256[:12]} · {pack.get_state_display()}"


class DeliveryAnswerForm(NotToCome):
    on = day_field(_("Answered on"))
    answer = forms.CharField(
        label=_("Answer"),
        help_text=_("Its text. The page of the petition shows it to everybody: leave out names of private persons."),
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 12}),
    )
    language = forms.ChoiceField(label=_("Language of the answer"), choices=lambda: list(settings.LANGUAGES))

    def __init__(self, data: Any = None, *, delivery: Delivery) -> None:
        initial = {
            "on": delivery.answered_on or timezone.localdate(),
            "answer": delivery.answer,
            "language": delivery.answer_language or cover.MAIN,
        }
        super().__init__(data, initial=initial)
        self.handed_over_on = delivery.handed_over_on

    def clean_on(self) -> Any:
        day = super().clean_on()
        if self.handed_over_on and day < self.handed_over_on:
            raise ValidationError(_("It was handed over after this day."))
        return day


class ScanForm(forms.Form):
    scan = forms.FileField(
        label=_("Scan"),
        help_text=_("Of the receipt, or of an answer: PDF, JPEG or PNG of at most 10 MB."),
        max_length=100,
    )

    def clean_scan(self) -> Any:
        scan = self.cleaned_data["scan"]
        if scan.size > MAX_SCAN:
            raise ValidationError(_("This file is larger than 10 MB."))
        head = scan.read(8)
        scan.seek(0)
        scan.content_type = next((kind for mark, kind in SCANS.items() if head.startswith(mark)), "")
        if not scan.content_type:
            raise ValidationError(_("This is no PDF, JPEG or PNG."))
        return scan
