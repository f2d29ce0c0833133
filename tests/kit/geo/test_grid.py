"""The national grid against points that Ordnance Survey publishes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.kit.geo import ACCURACY_M, Grid, GridError, Point, from_grid, from_reference, to_grid, to_reference
from bluelamp.kit.geo.grid import project, unproject

# Ordnance Survey, OSTN15 test data: ETRS89 (for this purpose WGS 84) and the exact easting and northing. Contains OS data © Crown
# copyright and database rights 2016.
PUBLISHED = [
    (49.92226393730, -6.29977752014, 91492.146, 11318.804),
    (49.96006137820, -5.20304609998, 170370.718, 11572.405),
    (50.43885825610, -4.10864563561, 250359.811, 62016.569),
    (50.57563665000, -1.29782277240, 449816.371, 75335.861),
    (50.93127937910, -1.45051433700, 438710.920, 114792.250),
    (51.40078220140, -3.55128349240, 292184.870, 168003.465),
    (51.37447025550, 1.44454730409, 639821.835, 169565.858),
    (51.42754743020, -2.54407618349, 362269.991, 169978.690),
    (51.48936564950, -0.11992557180, 530624.974, 178388.464),
    (51.85890896400, -4.30852476960, 241124.584, 220332.641),
    (52.25529381630, -2.15458614387, 389544.190, 261912.153),
    (53.80021519630, -1.66379168242, 422242.186, 433818.701),
    (57.48625000720, -4.21926398555, 267056.768, 846176.972),
    (60.13308091660, -2.07382822798, 395999.668, 1138728.951),
]


@pytest.mark.parametrize(("latitude", "longitude", "easting", "northing"), PUBLISHED)
def test_published_points_within_the_stated_accuracy(latitude, longitude, easting, northing):
    grid = to_grid(Point(latitude, longitude))
    assert math.dist(grid, (easting, northing)) < ACCURACY_M
    back = to_grid(from_grid(Grid(easting, northing)))
    assert math.dist(back, (easting, northing)) < 0.01


def test_worked_example_of_the_projection():
    """A guide to coordinate systems in Great Britain, annex C: Caister water tower, OSGB36 degrees."""
    latitude, longitude = 52 + 39 / 60 + 27.2531 / 3600, 1 + 43 / 60 + 4.5177 / 3600
    grid = project(latitude, longitude)
    assert grid == pytest.approx((651409.903, 313177.270), abs=0.001)
    assert unproject(Grid(651409.903, 313177.270)) == pytest.approx((latitude, longitude), abs=1e-8)


@given(st.floats(0, 699_999), st.floats(0, 1_299_999))
def test_grid_to_point_and_back(easting, northing):
    back = to_grid(from_grid(Grid(easting + 0.5, northing + 0.5)))
    assert math.dist(back, (easting + 0.5, northing + 0.5)) < 0.02


@given(st.integers(0, 699_999), st.integers(0, 1_299_999), st.sampled_from([2, 4, 6, 8, 10]))
def test_reference_and_back(easting, northing, digits):
    letters, figures = to_reference(Grid(easting, northing), digits).split(" ", 1)
    square = from_reference(letters, figures.replace(" ", ""))
    assert square.side_m == 10 ** (5 - digits // 2)
    assert 0 <= easting - square.easting < square.side_m
    assert 0 <= northing - square.northing < square.side_m


@pytest.mark.parametrize(
    ("reference", "corner"),
    [("SV 00 00", (0, 0)), ("TG 51409 13177", (651409, 313177)), ("SD 517 928", (351700, 492800)), ("HP 60 13", (460000, 1213000))],
)
def test_known_references(reference, corner):
    letters, figures = reference.split(" ", 1)
    square = from_reference(letters, figures.replace(" ", ""))
    assert (square.easting, square.northing) == corner
    assert to_reference(Grid(*map(float, corner)), len(figures.replace(" ", ""))) == reference


@pytest.mark.parametrize(("letters", "figures"), [("SD", "517"), ("SD", ""), ("SI", "1234"), ("AA", "1234"), ("SD", "123456789012")])
def test_what_is_no_reference_is_refused(letters, figures):
    with pytest.raises(GridError):
        from_reference(letters, figures)


def test_outside_the_grid_is_told():
    assert to_grid(Point(54.6, -12.0)) is None
    assert to_grid(Point(48.8, 2.3)) is None
    with pytest.raises(GridError, match="not on the national grid"):
        from_grid(Grid(-1, 5))
