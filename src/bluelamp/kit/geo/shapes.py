"""Distances, boxes and areas on the Earth's surface, for places a few hundred kilometres apart at most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from bluelamp.kit.geo.point import Point

EARTH_M = 6_371_008.8
"""Mean radius (IUGG)."""


class Box(NamedTuple):
    """Degrees. `west` greater than `east` reaches across the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: Point) -> bool:
        """Edges included."""
        across = (
            self.west <= point.longitude <= self.east
            if self.west <= self.east
            else point.longitude >= self.west or point.longitude <= self.east
        )
        return across and self.south <= point.latitude <= self.north


def distance_m(one: Point, other: Point) -> float:
    """Great-circle distance in metres on a sphere (haversine): within 0.5% of the true one."""
    north = math.radians(other.latitude - one.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = (
        math.sin(north / 2) ** 2 + math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude)) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(chord)))


def bearing_deg(one: Point, other: Point) -> float:
    """Direction in which to set out from `one` for `other`, degrees clockwise from true north, 0 up to 360."""
    east = math.radians(other.longitude - one.longitude)
    here, there = math.radians(one.latitude), math.radians(other.latitude)
    y = math.sin(east) * math.cos(there)
    x = math.cos(here) * math.sin(there) - math.sin(here) * math.cos(there) * math.cos(east)
    return math.degrees(math.atan2(y, x)) % 360


def box_around(point: Point, metres: float) -> Box:
    """The box that holds every point within `metres`; near a pole it reaches all the way round."""
    up = math.degrees(metres / EARTH_M)
    south, north = max(-90.0, point.latitude - up), min(90.0, point.latitude + up)
    # The circle is widest nearer to the pole than its centre is.
    cosine = math.cos(math.radians(point.latitude))
    reach = math.sin(min(metres / EARTH_M, math.pi / 2))
    if south <= -90 or north >= 90 or reach >= cosine:
        return Box(-180.0, south, 180.0, north)
    side = math.degrees(math.asin(reach / cosine))
    return Box(_turned(point.longitude - side), south, _turned(point.longitude + side), north)


def _turned(longitude: float) -> float:
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % 360 - 180


def box_of(points: Iterable[Point]) -> Box:
    """The smallest box that holds all; across the 180th meridian it is not the smallest.

    Raises:
        ValueError: no points.
    """
    held = list(points)
    latitudes, longitudes = [p.latitude for p in held], [p.longitude for p in held]
    return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def is_inside(point: Point, ring: Sequence[Point]) -> bool:
    """Whether a point lies in the area within `ring` (first point need not be repeated), by counting edges to its east.

    A point on an edge may fall either way, and on the shared edge of two areas in exactly one of them. Not across the 180th meridian.
    """
    inside = False
    closed = [*ring, ring[0]] if ring else []
    for one, other in pairwise(closed):
        if (one.latitude > point.latitude) != (other.latitude > point.latitude):
            share = (point.latitude - one.latitude) / (other.latitude - one.latitude)
            if point.longitude < one.longitude + share * (other.longitude - one.longitude):
                inside = not inside
    return inside


def is_within(point: Point, rings: Sequence[Sequence[Point]]) -> bool:
    """Whether a point lies in a polygon as GeoJSON gives it: the outer ring, then holes."""
    return bool(rings) and is_inside(point, rings[0]) and not any(is_inside(point, hole) for hole in rings[1:])
