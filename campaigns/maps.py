"""Locator maps: a country's outline, and where on it each place and its name go.

Outlines: Natural Earth 4.1, 1:50m countries, in the public domain (naturalearthdata.com; taken from the npm package
world-atlas 2.0.2), the mainland alone, simplified by Visvalingam's method to about 300 points. Projection:
equirectangular, longitudes scaled by the cosine of the middle latitude. Units: those of the SVG, 24.5 to a degree of
latitude (one is about 4.5 km), from the upper left; whole numbers, since a decimal comma would break the SVG.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import dist, inf

from campaigns.structure import Place

# Of names, in SVG units: a letter's width (an estimate: the reader's system has the font), a line's height, the way
# from the place's middle down to the letters' foot, and aside to the first letter.
LETTER, LINE, FOOT, ASIDE = 10, 20, 6, 10


@dataclass(frozen=True, slots=True)
class Outline:
    """A country as an SVG path; `west` and `north` (degrees) are its upper left corner, scales are units a degree."""

    path: str
    width: int
    height: int
    west: float
    north: float
    scale_x: float
    scale_y: float

    def project(self, latitude: float, longitude: float) -> tuple[float, float]:
        """The point in SVG units of a position in degrees, north and east positive."""
        return (longitude - self.west) * self.scale_x, (self.north - latitude) * self.scale_y


@dataclass(frozen=True, slots=True)
class Marker:
    """A place at x, y; its name starts or ends (`anchor`) at x + dx and stands on the line y + dy."""

    name: str
    x: int
    y: int
    anchor: str
    dx: int
    dy: int

    def box(self) -> tuple[float, float, float, float]:
        """What the name covers, by its estimated width: left, top, right, bottom."""
        width, bottom = LETTER * len(self.name), self.y + self.dy + FOOT
        left = self.x + self.dx - (width if self.anchor == "end" else 0)
        return left, bottom - LINE, left + width, bottom


@dataclass(frozen=True, slots=True)
class Map:
    """What `campaigns/_map.html` shows; `country` is an ISO 3166 code of two letters."""

    country: str
    outline: Outline
    markers: list[Marker]

    @property
    def names(self) -> str:
        return ", ".join(marker.name for marker in self.markers)


def build_map(country: str, places: Iterable[Place]) -> Map | None:
    """None where we have no outline, or no place lies on it. A name goes to the side away from the nearest neighbour,
    or else to where it is free: the other side, a line higher, a line lower."""
    if not (outline := OUTLINES.get(country)):
        return None
    points: dict[str, tuple[int, int]] = {}
    for place in places:
        if place.latitude is not None and place.longitude is not None:
            x, y = map(round, outline.project(place.latitude, place.longitude))
            if 0 < x < outline.width and 0 < y < outline.height:
                points[place.name] = x, y
    taken: list[tuple[float, ...]] = [(x - FOOT, y - FOOT, x + FOOT, y + FOOT) for x, y in points.values()]
    taken += [(-inf, -inf, 0, inf), (outline.width, -inf, inf, inf)]
    markers: list[Marker] = []
    for name, (x, y) in points.items():
        neighbours = sorted((dist((x, y), point), point) for other, point in points.items() if other != name)
        is_east = not neighbours or x >= neighbours[0][1][0]
        sides = [("start", ASIDE), ("end", -ASIDE)] if is_east else [("end", -ASIDE), ("start", ASIDE)]
        choices = [Marker(name, x, y, *side, FOOT + shift) for shift in (0, -LINE, LINE) for side in sides]
        markers.append(next((choice for choice in choices if is_free(choice.box(), taken)), choices[0]))
        taken.append(markers[-1].box())
    return Map(country, outline, markers) if markers else None


def is_free(box: tuple[float, ...], taken: list[tuple[float, ...]]) -> bool:
    return not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)


PERU = "M279 108l-2 1-2-1-3 0-4-3-9 0-4 5-21 3-3 2-7 4-3 1-3 3-5 4-5 1-2 13-4 7-2 4 2 6 0 3-2 3-2 0-4 3-7 5-1 4 2 5 0 2-6 1 0 3-1 1 5 5 2 1-1 3 4 6 1 4 5 4 0 2 1 2 3 2 5 6 0 3-5 8 9 0 11 2 1 1 1 3 1 2 2 2-1 4 21 0 2-1 3-3 4-2 2-2 8-6-1 3 1 4-2 3 0 29 2-2 4 3 4 0 6-3 9 0 22 38-2 3 0 2-2 1-3 4 0 15-2 4 1 3 1 4 2 3 0 3-3 2 0 2-5 6-1 3-2 1-1 5 5 6-3 4-3 5 1 4 4 10 2 1 2 0 3 1 2 3-4 2-1 2 1 3-4 3-6 8-2 0-3 2 0 3 3 2 0 3-4 3-4 2 1 5-1 4-2 3-6 3-6 0-2-1-8-6-3-3-2-1-7-5-2-6-3-3-8-4-2-2-4-1-8-8-8-2-4-2-8-3-3-3-8-2-2-1-8-6-6-2-4-3-13-7-4-6-3-2-4-5-5-3-4-3-2-4-3-4-1-2-3-3 0-4-2-2 3-2 2-7-1-3-5-7-2-3-1-4-2-2-3-5-2-4-8-8 0-3-1-6-3-3-7-6-1-7-2-4-9-15-2-4-2-7-2-4-2-6-8-16 0-3-4-5-2-5-3-4-4-3-2-2-5-10 0-3-4-6-6-7-2-3-17-9-6-4-2-2-1-2 2-4 2 2 3-3 0-3-1-4-6-7 2-4-6-9 1-8 2-2 8-9 2-4 4-2 3-3 4-3 2 1 1 5 0 4 1 2-3 3-3-1-2 3 1 3 3 0-3 5 2 1 2-1 3-2 1-1 8 5 4-1 3 2 0 3 5 7 6 1 2-3 2 0-1-2 2-3 4-2 1-3-1-3 3-8 1-1 3-4 0-5 1-5 2 0 1 2 2 0-1-3 6-7 2-2 12-4 17-6 14-11 12-15 4-14 2 1 2-1-1-6 1-3-4-4-2-4-3-2 1-1 3 1 3-1 3-2 2 0 5 4 3 0 1 2 4 2 4 5 2 7 3 3 4 1 5 4 5 2 4 7-1 2 4 4 2-1 2 2 2 6-2 3 1 2 4 1 2 2 5 0 2-1 5 1 7-1 2-1 1 0 5-4 1 0 4 1 4 3 5 0 2-2 5-1 8 5 7 4 1 1 4 1 0 2-16 26 5 2 5-2 2 2 2 4 4 3z"  # noqa: E501  a path has no lines

# The right margin leaves room for names on a narrow phone.
OUTLINES = {"PE": Outline(PERU, 318, 457, west=-81.503, north=0.122, scale_x=24.1853, scale_y=24.5)}
