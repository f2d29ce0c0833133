"""From the satellites' datum (WGS 84) to the one that British maps are drawn in (OSGB36), and back.

One similarity transformation stands for the whole of Great Britain, so it is within about 5 m of the truth (2 m in most places).
The survey's own grid of corrections (OSTN15) is 14 MB and gives centimetres, which no phone does.
Source: Ordnance Survey, A guide to coordinate systems in Great Britain, sections 6.6 and annexes A and B.
"""

from __future__ import annotations

import math
from typing import NamedTuple

ACCURACY_M = 5.0
"""How far a converted position may be off, in metres."""


class Ellipsoid(NamedTuple):
    """Half axes in metres."""

    a: float
    b: float

    @property
    def e2(self) -> float:
        """Eccentricity squared."""
        return 1 - (self.b / self.a) ** 2


WGS84 = Ellipsoid(6_378_137.0, 6_356_752.314245)
AIRY = Ellipsoid(6_377_563.396, 6_356_256.909)

_SHIFT_M = (-446.448, 125.157, -542.060)
_SCALE = 20.4894e-6
_TURN = tuple(math.radians(seconds / 3600) for seconds in (-0.1502, -0.2470, -0.8421))

_Vector = tuple[float, float, float]


def _to_cartesian(latitude: float, longitude: float, ellipsoid: Ellipsoid) -> _Vector:
    phi, lam = math.radians(latitude), math.radians(longitude)
    normal = ellipsoid.a / math.sqrt(1 - ellipsoid.e2 * math.sin(phi) ** 2)
    return (
        normal * math.cos(phi) * math.cos(lam),
        normal * math.cos(phi) * math.sin(lam),
        normal * (1 - ellipsoid.e2) * math.sin(phi),
    )


def _to_degrees(place: _Vector, ellipsoid: Ellipsoid) -> tuple[float, float]:
    x, y, z = place
    across = math.hypot(x, y)
    phi = math.atan2(z, across * (1 - ellipsoid.e2))
    for _ in range(6):  # each step gains two and a half digits
        normal = ellipsoid.a / math.sqrt(1 - ellipsoid.e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + ellipsoid.e2 * normal * math.sin(phi), across)
    return math.degrees(phi), math.degrees(math.atan2(y, x))


def _moved(place: _Vector) -> _Vector:
    """What the transformation adds, before the shift."""
    x, y, z = place
    turn_x, turn_y, turn_z = _TURN
    return (
        _SCALE * x - turn_z * y + turn_y * z,
        turn_z * x + _SCALE * y - turn_x * z,
        -turn_y * x + turn_x * y + _SCALE * z,
    )


def to_osgb36(latitude: float, longitude: float) -> tuple[float, float]:
    """WGS 84 degrees as OSGB36 degrees, at ground level; within `ACCURACY_M`."""
    place = _to_cartesian(latitude, longitude, WGS84)
    more = _moved(place)
    return _to_degrees((place[0] + more[0] + _SHIFT_M[0], place[1] + more[1] + _SHIFT_M[1], place[2] + more[2] + _SHIFT_M[2]), AIRY)


def to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """The inverse of `to_osgb36`, to the centimetre."""
    x, y, z = _to_cartesian(latitude, longitude, AIRY)
    start = (x - _SHIFT_M[0], y - _SHIFT_M[1], z - _SHIFT_M[2])
    place = start
    for _ in range(4):  # each step gains four and a half digits
        more = _moved(place)
        place = (start[0] - more[0], start[1] - more[1], start[2] - more[2])
    return _to_degrees(place, WGS84)
