"""What the letter of a delivery says, for staff to read before there is a pack."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from campaigns import markdown
from campaigns.models import Campaign
from signatures.deliveries import cover, documents
from signatures.deliveries.freezing import Numbers
from signatures.deliveries.typesetting import typeset
from signatures.models import Delivery, Pack


def letters(delivery: Delivery, numbers: Numbers | Pack) -> list[tuple[str, str, SafeString]]:
    """Language, subject and body of each, with the numbers in them, Spanish first."""
    found = []
    for language in sorted(delivery.letters, key=lambda language: (language != cover.MAIN, language)):
        words = delivery.letters[language]
        if words["body"]:
            with translation.override(language):
                values = cover.values(delivery, numbers)
            html = markdown.render(cover.filled_in_markdown(words["body"], values))
            found.append((language, cover.filled(words["subject"], values), mark_safe(html)))  # noqa: S308  (cleaned)
    return found


def letter_pdf(delivery: Delivery, numbers: Numbers) -> bytes:
    """The Spanish one as it will be printed, but for its annexes."""
    with TemporaryDirectory() as folder, translation.override(cover.MAIN):
        target = Path(folder) / "letter.pdf"
        typeset("letter", documents.letter(delivery, numbers, []), target, at=timezone.now())
        return target.read_bytes()


def to_be(campaign: Campaign, asked: Mapping[str, Any]) -> Delivery:
    """As it would be made now; never saved."""
    return Delivery(campaign=campaign, frozen_at=timezone.now(), **asked)
