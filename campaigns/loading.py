"""Bringing the files of `campaigns/content/` into the database without touching what staff have changed there.

Each row remembers the values that were last loaded (`loaded`). A field that still reads as it was loaded follows the
file; one that reads otherwise was changed by staff and stays, unless told to overwrite.
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns import services
from campaigns.models import Campaign, CampaignText

CONTENT = Path(__file__).parent / "content"


class ContentError(Exception):
    """A file that cannot be loaded; the message names the file, the field and what is wrong."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: fields that took the file's value, and fields that staff had changed and that stayed."""

    row: str
    is_new: bool
    changed: list[str]
    kept: list[str]


def read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContentError(f"{path.name}: {error}") from error
    return {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}


def as_stored(value: Any) -> Any:
    """A value as it reads in `loaded`, which is JSON."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def apply(row: Campaign | CampaignText, values: dict[str, Any], *, path: Path, overwrite: bool) -> Outcome:
    """Sets the fields that may follow the file, checks the row and saves it."""
    is_new = row._state.adding
    fields = {field.name for field in row._meta.fields if field.editable or field.name == "is_demonstration"}
    if unknown := sorted(set(values) - fields):
        raise ContentError(f"{path.name}: there is no field {', '.join(unknown)}")
    changed, kept = [], []
    for name, value in values.items():
        current = getattr(row, name)
        if current == value:
            row.loaded[name] = as_stored(value)
        elif is_new or overwrite or as_stored(current) == row.loaded.get(name):
            setattr(row, name, value)
            row.loaded[name] = as_stored(value)
            changed.append(name)
        else:
            kept.append(name)
    if isinstance(row, CampaignText) and "reviewer" not in values and {*changed} & {*row.WORDS}:
        # Whoever staff noted has read other words.
        row.reviewer = ""
        row.draft.pop("reviewer", None)
    try:
        row.full_clean()
    except ValidationError as error:
        raise ContentError(f"{path.name}: {'; '.join(error.messages)}") from error
    if changed and isinstance(row, CampaignText):
        services.save_words(words=row)
    else:
        row.save()
    return Outcome(str(path.relative_to(CONTENT)), is_new, [] if is_new else changed, kept)


@transaction.atomic
def load(slug: str, *, overwrite: bool = False, demonstration: bool = False) -> list[Outcome]:
    """Loads one campaign, all of it or, with a ContentError, nothing."""
    folder = CONTENT / slug
    if not folder.is_dir():
        raise ContentError(f"There is no campaign “{slug}” in {CONTENT.name}/.")
    path = folder / "campaign.toml"
    values = read(path)
    if demonstration:
        values |= read(CONTENT / "demonstration.toml") | {"is_demonstration": True}
    campaign = Campaign.objects.select_for_update().filter(slug=slug).first() or Campaign(slug=slug)
    outcomes = [apply(campaign, values, path=path, overwrite=overwrite)]
    # The source first: a translation notes which source words it was loaded beside.
    paths = (path for path in folder.glob("*.toml") if path.stem != "campaign")
    for path in sorted(paths, key=lambda path: (path.stem != campaign.source_language, path.stem)):
        text = CampaignText.objects.select_for_update().filter(campaign=campaign, language=path.stem).first()
        text = text or CampaignText(campaign=campaign, language=path.stem)
        outcomes.append(apply(text, read(path), path=path, overwrite=overwrite))
    services.publish_consent(campaign=campaign)
    return outcomes
