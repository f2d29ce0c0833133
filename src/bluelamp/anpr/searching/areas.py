"""Areas on the map: what a GeoJSON polygon must be, and which cameras stand inside it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from bluelamp.anpr.errors import BadAreaError
from bluelamp.anpr.searching.criteria import BBox, Ring

POINTS_MAX = 2000


def parse_bbox(values: list[float] | tuple[float, ...]) -> BBox:
    """`[west, south, east, north]` in degrees.

    Raises:
        BadAreaError: not four numbers in range and order.
    """
    if len(values) != 4:
        raise BadAreaError("a box is [west, south, east, north] in degrees")
    west, south, east, north = values
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadAreaError("a box is [west, south, east, north] in degrees, west below east and south below north")
    return west, south, east, north


def parse_polygon(geometry: dict[str, Any]) -> tuple[Ring, ...]:
    """The rings of a GeoJSON Polygon (RFC 7946, section 3.1.6).

    Raises:
        BadAreaError: something else, an open ring, or too many points.
    """
    rings = geometry.get("coordinates")
    if geometry.get("type") != "Polygon" or not isinstance(rings, list) or not rings:
        raise BadAreaError('an area is a GeoJSON Polygon: {"type": "Polygon", "coordinates": [[[longitude, latitude], …]]}')
    parsed = tuple(_ring(ring) for ring in rings)
    if sum(map(len, parsed)) > POINTS_MAX:
        raise BadAreaError(f"an area has at most {POINTS_MAX} points")
    return parsed


def _ring(points: Any) -> Ring:
    if not isinstance(points, list) or len(points) < 4:
        raise BadAreaError("a ring of an area has at least four points, the last equal to the first")
    ring = []
    for point in points:
        ok = (
            isinstance(point, list | tuple)
            and len(point) >= 2
            and all(isinstance(v, int | float) and not isinstance(v, bool) for v in point[:2])
        )
        if not ok or not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
            raise BadAreaError("every point of an area is [longitude, latitude] in degrees")
        ring.append((float(point[0]), float(point[1])))
    if ring[0] != ring[-1]:
        raise BadAreaError("a ring of an area ends where it began")
    return tuple(ring)


def bounds(rings: tuple[Ring, ...]) -> BBox:
    """The box around the outer ring."""
    longitudes, latitudes = zip(*rings[0], strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def contains(rings: tuple[Ring, ...], longitude: float, latitude: float) -> bool:
    """Whether a point lies in the polygon: inside an odd number of its rings (the even-odd rule)."""
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > latitude) != (y2 > latitude) and longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside
