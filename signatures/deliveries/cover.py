"""The cover letter: its words as staff find them for a new delivery, and the numbers that are put into them."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from campaigns.models import Campaign
from signatures.deliveries.freezing import Numbers
from signatures.models import Delivery, Pack

MAIN = "es"  # the language of the addressee; the letter in others is an annex
OURS = ("es", "en")  # the languages in which the site has words of its own for it
PLACES = re.compile(r"\{([^{}]*)\}")
EMPTY = {"subject": "", "body": ""}
MARKS = re.compile(r"([\\*_\[\]<>&])")  # of Markdown within a line
# What stands in braces, in any language.
KNOWN = ("signatures", "names", "unnamed", "day", "frozen", "addressee", "organisation", "petition", "postal_address")


def draft(campaign: Campaign) -> dict[str, dict[str, str]]:
    """The letter in each language of the campaign, Spanish first; without words where the site has none itself."""
    written = {text.language for text in campaign.texts.published()}
    letters = {}
    for language in [MAIN, *sorted(written - {MAIN})]:
        with translation.override(language):
            letters[language] = {"subject": subject(), "body": body()} if language in OURS else dict(EMPTY)
    return letters


def subject() -> str:
    return gettext("Petition “{petition}”: {signatures} signatures")


def body() -> str:
    paragraphs = [
        gettext("To whom it may concern:"),
        gettext(
            "With this letter {organisation} hands over to the {addressee} the petition “{petition}” and with it, as"
            " counted until {frozen}, the signatures of {signatures} people."
        ),
        gettext(
            "In the enclosed list with name and country: {names}. Counted here as a number only, as those who signed"
            " asked for: {unnamed}."
        ),
        gettext(
            "Each signature was confirmed by its signer by email; we do not check identity documents. The annexes hold"
            " the text of the petition as it was signed, the totals by country and month, how it was counted, and the"
            " list."
        ),
        gettext(
            "We ask you to add this petition and its annexes to the file that they belong to, to give us the receipt of"
            " this filing, and to answer in writing to: {postal_address}"
        ),
    ]
    return "\n\n".join(paragraphs)


def unknown_places(text: str) -> list[str]:
    """What stands in braces and means nothing, as it was typed; a brace alone too."""
    rest = PLACES.sub("", text)
    return [f"{{{name}}}" for name in PLACES.findall(text) if name not in KNOWN] + [
        char for char in "{}" if char in rest
    ]


def filled(words: str, values: Mapping[str, Any]) -> str:
    return PLACES.sub(lambda place: str(values.get(place[1], place[0])), words)


def filled_in_markdown(words: str, values: Mapping[str, Any]) -> str:
    """What is put in stays as it is: an asterisk of a title is no emphasis."""
    return filled(words, {name: MARKS.sub(r"\\\1", str(value)) for name, value in values.items()})


def values(delivery: Delivery, numbers: Numbers | Pack) -> dict[str, str]:
    """What goes into the letter, in the language that is active. A pack's numbers are those of its list."""
    campaign = delivery.campaign
    texts = {text.language: text for text in campaign.texts.published()}
    text = texts.get(translation.get_language()) or texts.get(MAIN) or campaign.source_text
    moment = timezone.localtime(delivery.frozen_at or timezone.now())
    return {
        "signatures": number(numbers.signatures),
        "names": number(numbers.names),
        "unnamed": number(numbers.unnamed),
        "day": day(delivery.day),
        "frozen": formats.date_format(moment, "DATETIME_FORMAT"),
        "addressee": text.addressee if text else "",
        "petition": text.title if text else "",
        "organisation": campaign.organisation,
        "postal_address": ", ".join(campaign.postal_address.splitlines()),
    }


def day(on: date | None) -> str:
    return formats.date_format(on) if on else ""


def number(n: int) -> str:
    return formats.number_format(n, force_grouping=True)
