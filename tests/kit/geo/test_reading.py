"""Places as callers, drivers and crews say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.kit.geo import Form, Found, Grid, Point, describe, distance_m, from_grid, parse_place

SPOT = from_grid(Grid(351750, 492850))
"""Centre of SD 517 928."""

SAME_PLACE = [
    "SD 517 928",
    "sd517928",
    "SD517 928",
    "NGR SD 517 928",
    "Grid ref: SD 517 928",
    "SD 5175 9285",
    "SD 51750 92850",
    "351750 492850",
    "351750, 492850",
    "E351750 N492850",
    "E 351750.0, N 492850.0",
]


@pytest.mark.parametrize("said", SAME_PLACE)
def test_grid_forms(said):
    place = parse_place(said)
    assert place.placed
    assert place.said == " ".join(said.split())
    assert distance_m(place.point, SPOT) < 8
    assert place.within_m > 0


def test_a_coarse_square_is_placed_with_a_doubt():
    place = parse_place("SD 59")
    assert place.within_m > 7000
    assert "ask for more figures" in place.why


COORDINATES = [
    ("54.3280,-2.7463", 54.3280, -2.7463),
    ("54.3280 -2.7463", 54.3280, -2.7463),
    ("54.3280, −2.7463", 54.3280, -2.7463),
    ("geo:54.3280,-2.7463", 54.3280, -2.7463),
    ("lat 54.3280 lon -2.7463", 54.3280, -2.7463),
    ("Latitude: 54.3280, Longitude: -2.7463", 54.3280, -2.7463),
    ("54.3280N 2.7463W", 54.3280, -2.7463),
    ("54.3280° N, 2.7463° W", 54.3280, -2.7463),
    ("N54.3280 W2.7463", 54.3280, -2.7463),
    ("2.7463W 54.3280N", 54.3280, -2.7463),
    ("54°19'40.8\"N 2°44'46.7\"W", 54.328, -2.746306),
    ("54°19′40.8″N, 2°44′46.7″W", 54.328, -2.746306),
    ("54 19 40.8 N 2 44 46.7 W", 54.328, -2.746306),
    ("54°19.68'N 2°44.778'W", 54.328, -2.7463),
    ("33.8688S 151.2093E", -33.8688, 151.2093),
]


@pytest.mark.parametrize(("said", "latitude", "longitude"), COORDINATES)
def test_coordinates(said, latitude, longitude):
    place = parse_place(said)
    assert place.form is Form.COORDINATES
    assert place.point == pytest.approx((latitude, longitude), abs=2e-6)


@pytest.mark.parametrize(
    "said",
    ["154.3,-2.7", "54.3,-182.7", "54°61'40\"N 2°44'46\"W", "-54.3N 2.7W", "SD 517", "SD 517 92", "SI 12 34", "AA 12 34", "351750 1492850"],
)
def test_what_has_a_form_but_no_place_is_flagged(said):
    place = parse_place(said)
    assert not place.placed
    assert place.form is not Form.TEXT
    assert "kept as said" in place.why.lower()


@pytest.mark.parametrize(
    "said",
    [
        "behind the old chapel",
        "54 2",
        "M6",
        "M6 northbound past the services",
        "12345",
        "N54 N2.5",
        "E54.1 W2.5",
        "x" * 301,
        "",
        "  ",
        "LA9",
    ],
)
def test_what_is_only_words_is_kept(said):
    place = parse_place(said)
    assert place.form is Form.TEXT
    assert not place.placed
    assert place.why
    assert place.said == " ".join(said.split())


@pytest.mark.parametrize(
    ("said", "form", "key"),
    [
        ("la94pu", Form.POSTCODE, "LA9 4PU"),
        ("LA9 4PU", Form.POSTCODE, "LA9 4PU"),
        ("EC1A 1BB", Form.POSTCODE, "EC1A 1BB"),
        ("M6 J36", Form.JUNCTION, "M6 J36"),
        ("m6 junction 36", Form.JUNCTION, "M6 J36"),
        ("A1(M) J59", Form.JUNCTION, "A1(M) J59"),
        ("A1M jct 59", Form.JUNCTION, "A1(M) J59"),
        ("M60 J1A", Form.JUNCTION, "M60 J1A"),
        ("M6 172/4A", Form.MARKER_POST, "M6 172.4 A"),
        ("M6 172/4", Form.MARKER_POST, "M6 172.4"),
        ("M6 A 172.4", Form.MARKER_POST, "M6 172.4 A"),
        ("M6 marker post 172/4 b", Form.MARKER_POST, "M6 172.4 B"),
        ("A590 MP 12/3", Form.MARKER_POST, "A590 12.3"),
    ],
)
def test_what_needs_somebodys_data_has_a_key_and_says_what_to_load(said, form, key):
    place = parse_place(said)
    assert (place.form, place.key, place.placed) == (form, key, False)
    assert "bluelamp places import" in place.why
    assert "kept as said" in place.why


class Atlas:
    def __init__(self, *forms: Form, **places: Point) -> None:
        self._forms, self._places = forms, places

    def has(self, form: Form) -> bool:
        return form in self._forms

    def find(self, form: Form, key: str) -> Found | None:
        point = self._places.get(key.replace(" ", "_").replace(".", "_"))
        return None if point is None else Found(point, 50)


def test_a_gazetteer_places_what_it_knows():
    atlas = Atlas(Form.POSTCODE, Form.JUNCTION, LA9_4PU=SPOT, M6_J36=SPOT)
    assert parse_place("la94pu", atlas).point == SPOT
    assert parse_place("M6 J36", atlas).within_m == 50
    missing = parse_place("LA9 9ZZ", atlas)
    assert not missing.placed
    assert "not in the data" in missing.why


@pytest.mark.parametrize("said", ["///filled.count.soap", "what3words: filled.count.soap", "Filled.Count.Soap"])
def test_three_words_alone_are_refused_with_the_reason(said):
    place = parse_place(said)
    assert (place.form, place.key, place.placed) == (Form.WORDS, "filled.count.soap", False)
    assert "misheard" in place.why


def test_three_words_beside_another_form_do_not_matter():
    place = parse_place("///filled.count.soap, SD 517 928")
    assert place.form is Form.GRID_REFERENCE
    assert place.said == "///filled.count.soap, SD 517 928"
    assert place.placed


def test_three_words_with_a_service_are_placed_and_doubted():
    place = parse_place("///filled.count.soap", Atlas(Form.WORDS, filled_count_soap=SPOT))
    assert place.point == SPOT
    assert "confirm" in place.why


def test_describe_shows_every_form():
    shown = describe(SPOT, side_m=100)
    assert shown.grid_reference == "SD 517 928"
    assert shown.easting_northing == "351750 492850"
    assert describe(from_grid(Grid(351700, 492800))).grid_reference == "SD 51700 92800"
    for text in (shown.decimal, shown.degrees, describe(SPOT).grid_reference):
        assert distance_m(parse_place(text).point, SPOT) < 7
    abroad = describe(Point(-33.8688, 151.2093))
    assert abroad.grid_reference is None
    assert abroad.degrees == "33°52'07.7\"S 151°12'33.5\"E"


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_what_is_shown_can_be_said(latitude, longitude):
    point = Point(latitude, longitude)
    shown = describe(point)
    for text in (shown.decimal, shown.degrees):
        assert distance_m(parse_place(text).point, point) < 3


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text):
    place = parse_place(text)
    assert place.placed or place.why
