"""The form of a campaign's structured words: lines and headed sections that staff can read and edit as plain text.

| kind | in the field | read as |
|---|---|---|
| lines | one a line | `list[str]` |
| figures | one a line: `49 | people killed` | `list[Figure]` |
| places | one a line: `Juliaca | -15.50, -70.13`, or the name alone | `list[Place]` |
| sections | `## Heading`, a blank line, paragraphs | `list[Section]` |
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or a word that stands for one, and what it counts."""

    figure: str
    label: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place by its name and, where it is to be on the map, its position in degrees, north and east positive."""

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its words: Markdown as they are typed, HTML as the page shows them."""

    heading: str
    body: str


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def figures(text: str) -> list[Figure]:
    """Raises ValidationError for a line that is not `figure | label`."""
    found = []
    for line in lines(text):
        figure, bar, label = (part.strip() for part in line.partition("|"))
        if not (figure and bar and label):
            raise ValidationError(
                _("“%(line)s” needs a figure, a vertical bar and what it counts: 49 | people killed"),
                params={"line": line},
            )
        found.append(Figure(figure, label))
    return found


def places(text: str) -> list[Place]:
    """Raises ValidationError for a position that is not `latitude, longitude` in degrees."""
    found = []
    for line in lines(text):
        name, bar, position = (part.strip() for part in line.partition("|"))
        if not bar:
            found.append(Place(name))
            continue
        try:
            latitude, longitude = (float(number) for number in position.split(","))
        except ValueError:
            latitude = longitude = 999
        if not (name and abs(latitude) <= 90 and abs(longitude) <= 180):
            raise ValidationError(
                _("“%(line)s” needs a name, a vertical bar, latitude and longitude: Juliaca | -15.50, -70.13"),
                params={"line": line},
            )
        found.append(Place(name, latitude, longitude))
    return found


def sections(text: str) -> list[Section]:
    """Raises ValidationError for text before the first heading and for a section without words."""
    before, *rest = f"\n{text.strip()}".replace("\r\n", "\n").split("\n## ")
    if before.strip():
        raise ValidationError(_("Each section begins with a heading: a line like “## What is the problem?”"))
    found = []
    for chunk in rest:
        heading, _newline, body = chunk.partition("\n")
        if not (heading.strip() and body.strip()):
            raise ValidationError(
                _("The section “%(heading)s” needs both a heading and words."), params={"heading": heading.strip()}
            )
        found.append(Section(heading.strip(), body.strip()))
    return found


def check_figures(text: str) -> None:
    """A validator: raises ValidationError where `figures` would."""
    figures(text)


def check_places(text: str) -> None:
    """A validator: raises ValidationError where `places` would."""
    places(text)


def check_sections(text: str) -> None:
    """A validator: raises ValidationError where `sections` would."""
    sections(text)
