import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.kit.geo import Box, Point, bearing_deg, box_around, box_of, distance_m, is_inside, is_within

KENDAL, LANCASTER = Point(54.3280, -2.7463), Point(54.0466, -2.8007)
points = st.builds(Point, st.floats(-89, 89), st.floats(-180, 180))


def test_distance_and_bearing():
    assert distance_m(KENDAL, LANCASTER) == pytest.approx(31_500, rel=0.01)
    assert bearing_deg(KENDAL, LANCASTER) == pytest.approx(186.4, abs=0.5)
    assert distance_m(Point(0, 179.999), Point(0, -179.999)) == pytest.approx(222.4, abs=1)


@given(points, points)
def test_distance_is_symmetric_and_at_most_half_way_round(one, other):
    assert distance_m(one, other) == pytest.approx(distance_m(other, one))
    assert 0 <= distance_m(one, other) <= 20_015_115 + 1


@given(points, st.floats(1, 200_000), st.floats(0, 1), st.floats(0, 360))
def test_box_around_holds_the_circle(centre, metres, share, angle):
    turn = metres * share * 0.999 / 6_371_008.8
    lat1, lon1, way = math.radians(centre.latitude), math.radians(centre.longitude), math.radians(angle)
    lat2 = math.asin(math.sin(lat1) * math.cos(turn) + math.cos(lat1) * math.sin(turn) * math.cos(way))
    lon2 = lon1 + math.atan2(math.sin(way) * math.sin(turn) * math.cos(lat1), math.cos(turn) - math.sin(lat1) * math.sin(lat2))
    longitude = (math.degrees(lon2) + 180) % 360 - 180
    box = box_around(centre, metres)
    slack = Box(box.west - 1e-9, box.south - 1e-9, box.east + 1e-9, box.north + 1e-9)
    assert slack.holds(Point(math.degrees(lat2), longitude))


def test_box_across_the_meridian():
    box = box_around(Point(0, 179.999), 1000)
    assert box.west > box.east
    assert box.holds(Point(0, -179.999))
    assert not box.holds(Point(0, 0))


def test_box_of_points():
    assert box_of([KENDAL, LANCASTER]) == Box(-2.8007, 54.0466, -2.7463, 54.3280)


def test_inside_a_ring_with_a_hole():
    ring = [Point(0, 0), Point(0, 10), Point(10, 10), Point(10, 0)]
    hole = [Point(4, 4), Point(4, 6), Point(6, 6), Point(6, 4)]
    assert is_inside(Point(5, 5), ring)
    assert not is_inside(Point(5, 11), ring)
    assert is_within(Point(1, 1), [ring, hole])
    assert not is_within(Point(5, 5), [ring, hole])
    assert not is_within(Point(1, 1), [])
    assert not is_inside(Point(1, 1), [])


@given(st.floats(0, 9.99), st.floats(0, 9.99))
def test_neighbouring_areas_share_no_point_and_leave_none_out(latitude, longitude):
    west = [Point(0, 0), Point(0, 5), Point(10, 5), Point(10, 0)]
    east = [Point(0, 5), Point(0, 10), Point(10, 10), Point(10, 5)]
    point = Point(latitude, longitude)
    assert is_inside(point, west) + is_inside(point, east) == 1
