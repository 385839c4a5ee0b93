"""The locator map: its outline, where the places lie on it, and names that stay apart."""

import re
from itertools import combinations

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from campaigns.maps import ASIDE, OUTLINES, Map, Marker, build_map
from campaigns.structure import Place

PLACES = [
    Place("Andahuaylas", -13.6556, -73.3872),
    Place("Ayacucho", -13.1588, -74.2239),
    Place("Juliaca", -15.4997, -70.1333),
]


def made(*places: Place) -> Map:
    made = build_map("PE", places)
    assert made is not None
    return made


def corners(path: str) -> list[tuple[int, int]]:
    """The points of a path of one `M`, one relative `l` and `z`."""
    match = re.fullmatch(r"M(\d+) (\d+)l((?:-?\d+[ ]?)+)z", path)
    assert match
    numbers = [int(number) for number in re.findall(r"-?\d+", match[3])]
    points = [(int(match[1]), int(match[2]))]
    for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    return points


def is_inside(x: float, y: float, points: list[tuple[int, int]]) -> bool:
    crossings = 0
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        crossings += (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1)
    return crossings % 2 == 1


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def assert_names_stay_apart(markers: list[Marker]) -> None:
    for one, other in combinations(markers, 2):
        assert not overlap(one.box(), other.box()), (one, other)
    for one in markers:
        for other in markers:
            assert not overlap(one.box(), (other.x - 5, other.y - 5, other.x + 5, other.y + 5)), (one, other)


@pytest.mark.parametrize("country", OUTLINES)
def test_outline_fills_its_sheet_and_is_small(country: str) -> None:
    outline = OUTLINES[country]
    points = corners(outline.path)
    across, down = [x for x, _y in points], [y for _x, y in points]

    assert len(outline.path) <= 1600
    assert 0 < min(across) < 10 and outline.width - 10 < max(across) < outline.width
    assert 0 < min(down) < 10 and outline.height - 10 < max(down) < outline.height


def test_projection_keeps_proportions_in_the_middle_of_peru() -> None:
    peru = OUTLINES["PE"]
    (x1, y1), (x2, y2) = peru.project(-9, -76), peru.project(-10, -75)

    assert peru.project(peru.north, peru.west) == (0, 0)
    assert (x2 - x1) / (y2 - y1) == pytest.approx(0.9872, abs=0.001)  # cos 9.2°


@pytest.mark.parametrize(
    ("latitude", "longitude", "inside"),
    [
        *((place.latitude, place.longitude, True) for place in PLACES),
        (-12.05, -76.95, True),  # Lima
        (-3.75, -73.25, True),  # Iquitos
        (-16.5, -68.15, False),  # La Paz
        (-13.0, -78.0, False),  # the sea
    ],
)
def test_positions_lie_where_they_should(latitude: float, longitude: float, inside: bool) -> None:
    peru = OUTLINES["PE"]

    assert is_inside(*peru.project(latitude, longitude), corners(peru.path)) is inside


def test_neighbours_have_their_names_on_opposite_sides() -> None:
    locator = made(*PLACES)

    assert [(marker.name, marker.anchor, marker.dx) for marker in locator.markers] == [
        ("Andahuaylas", "start", ASIDE),
        ("Ayacucho", "end", -ASIDE),
        ("Juliaca", "end", -ASIDE),  # at the right edge
    ]
    assert locator.names == "Andahuaylas, Ayacucho, Juliaca"
    assert_names_stay_apart(locator.markers)
    for marker in locator.markers:
        left, _top, right, _bottom = marker.box()
        assert left >= 0 and right <= locator.outline.width


def test_names_of_a_cluster_move_up_or_down() -> None:
    cluster = [Place(name, -13.2 - step * 0.15, -74.2) for step, name in enumerate(["Huanta", "Quinua", "Tambo"])]
    locator = made(*cluster)

    assert len(locator.markers) == 3
    assert_names_stay_apart(locator.markers)


def test_lone_place_has_its_name_to_the_right() -> None:
    assert [marker.anchor for marker in made(PLACES[1]).markers] == ["start"]


@pytest.mark.parametrize(
    ("country", "places"),
    [("PE", []), ("PE", [Place("Juliaca")]), ("PE", [Place("Madrid", 40.4, -3.7)]), ("ZZ", PLACES), ("", PLACES)],
)
def test_nothing_to_show_is_no_map(country: str, places: list[Place]) -> None:
    assert build_map(country, places) is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_map_is_a_small_picture_with_a_text_alternative(language: str) -> None:
    with translation.override(language):
        html = render_to_string("campaigns/_map.html", {"map": made(*PLACES)})

    assert len(html.encode()) <= 2048
    assert 'role="img"' in html
    assert "style" not in html
    label = re.search(r'aria-label="([^"]+)"', html)
    assert label and "Andahuaylas, Ayacucho, Juliaca" in label[1]
    assert re.findall(r">(\w+)</text>", html) == ["Andahuaylas", "Ayacucho", "Juliaca"]
    numbers = re.findall(r' (?:cx|cy|x|y|dx|dy)="([^"]*)"', html)
    assert len(numbers) == 18 and all(re.fullmatch(r"-?\d+", number) for number in numbers)


def test_names_are_escaped() -> None:
    html = render_to_string("campaigns/_map.html", {"map": made(Place("<b>", -13, -73))})

    assert "&lt;b&gt;</text>" in html and "<b>" not in html
