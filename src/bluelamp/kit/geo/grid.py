"""The British national grid: eastings and northings in metres, and grid references with their two letters.

Projection: transverse Mercator by Krueger's series to the fourth order, good to a fraction of a millimetre on this grid.
Source: Ordnance Survey, A guide to coordinate systems in Great Britain; Karney, Transverse Mercator with an accuracy of a few
nanometers, Journal of Geodesy 85 (2011).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from bluelamp.kit.geo.datum import AIRY, to_osgb36, to_wgs84
from bluelamp.kit.geo.point import Point

EASTING_MAX = 700_000
NORTHING_MAX = 1_300_000

_SCALE = 0.9996012717
_EASTING_0, _NORTHING_0 = 400_000.0, -100_000.0
_LATITUDE_0, _LONGITUDE_0 = 49.0, -2.0

_N = (AIRY.a - AIRY.b) / (AIRY.a + AIRY.b)
_E = math.sqrt(AIRY.e2)
_RADIUS = _SCALE * AIRY.a / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_FORWARD = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49_561 * _N**4 / 161_280,
)
_BACKWARD = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4397 * _N**4 / 161_280,
)

LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"


class GridError(ValueError):
    """Not a place on the national grid; the message says why."""


class Grid(NamedTuple):
    """Metres east and north of the grid's false origin, south-west of the Isles of Scilly."""

    easting: float
    northing: float

    @property
    def on_grid(self) -> bool:
        """Whether the grid reaches there; Northern Ireland and the Channel Islands have grids of their own."""
        return 0 <= self.easting < EASTING_MAX and 0 <= self.northing < NORTHING_MAX


class Square(NamedTuple):
    """What a grid reference names: a square of `side_m` metres, by its south-west corner."""

    easting: int
    northing: int
    side_m: int

    @property
    def centre(self) -> Grid:
        """The place that is least wrong for a reference."""
        return Grid(self.easting + self.side_m / 2, self.northing + self.side_m / 2)


def _conformal(phi: float) -> float:
    return math.sinh(math.atanh(math.sin(phi)) - _E * math.atanh(_E * math.sin(phi)))


def project(latitude: float, longitude: float) -> Grid:
    """OSGB36 degrees (not those of satellites: see `to_grid`) as easting and northing."""
    t, lam = _conformal(math.radians(latitude)), math.radians(longitude - _LONGITUDE_0)
    xi0, eta0 = math.atan2(t, math.cos(lam)), math.asinh(math.sin(lam) / math.hypot(t, math.cos(lam)))
    xi, eta = xi0, eta0
    for j, a in enumerate(_FORWARD, 1):
        xi += a * math.sin(2 * j * xi0) * math.cosh(2 * j * eta0)
        eta += a * math.cos(2 * j * xi0) * math.sinh(2 * j * eta0)
    return Grid(_EASTING_0 + _RADIUS * eta, _NORTHING_0 + _RADIUS * (xi - _XI_0))


def _meridian(latitude: float) -> float:
    """Angle of the series at a latitude on the central meridian."""
    xi0 = math.atan(_conformal(math.radians(latitude)))
    return xi0 + sum(a * math.sin(2 * j * xi0) for j, a in enumerate(_FORWARD, 1))


_XI_0 = _meridian(_LATITUDE_0)


def unproject(grid: Grid) -> tuple[float, float]:
    """The inverse of `project`: OSGB36 degrees."""
    xi, eta = (grid.northing - _NORTHING_0) / _RADIUS + _XI_0, (grid.easting - _EASTING_0) / _RADIUS
    xi0, eta0 = xi, eta
    for j, b in enumerate(_BACKWARD, 1):
        xi0 -= b * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        eta0 -= b * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    goal = math.asinh(math.sin(xi0) / math.hypot(math.sinh(eta0), math.cos(xi0)))
    phi = math.asin(math.tanh(goal))
    for _ in range(6):  # each step gains two digits
        phi = math.asin(math.tanh(goal + _E * math.atanh(_E * math.sin(phi))))
    return math.degrees(phi), _LONGITUDE_0 + math.degrees(math.atan2(math.sinh(eta0), math.cos(xi0)))


def to_grid(point: Point) -> Grid | None:
    """A point as easting and northing, within `datum.ACCURACY_M`; None where the grid does not reach."""
    if not (49 <= point.latitude <= 62 and -10 <= point.longitude <= 4):
        return None
    grid = project(*to_osgb36(*point))
    return grid if grid.on_grid else None


def from_grid(grid: Grid) -> Point:
    """The inverse of `to_grid`.

    Raises:
        GridError: outside the grid.
    """
    if not grid.on_grid:
        raise GridError(
            f"easting {grid.easting:.0f}, northing {grid.northing:.0f} is not on the national grid:"
            f" eastings reach from 0 to {EASTING_MAX}, northings from 0 to {NORTHING_MAX}"
        )
    return Point(*to_wgs84(*unproject(grid)))


def to_reference(grid: Grid, digits: int = 10) -> str:
    """A grid reference such as `SD 517 928` of `digits` (2, 4, 6, 8 or 10) figures: the square that the place lies in.

    Raises:
        GridError: outside the grid, or another number of figures.
    """
    if not grid.on_grid:
        raise GridError("the place is not on the national grid")
    if digits not in {2, 4, 6, 8, 10}:
        raise GridError("a grid reference has 2, 4, 6, 8 or 10 figures")
    east, north = int(grid.easting) // 100_000, int(grid.northing) // 100_000
    down = 19 - north
    first = down - down % 5 + (east + 10) // 5
    second = down * 5 % 25 + east % 5
    half = digits // 2
    side = 10 ** (5 - half)
    figures = (f"{int(metres) % 100_000 // side:0{half}d}" for metres in grid)
    return f"{LETTERS[first]}{LETTERS[second]} {' '.join(figures)}"


def from_reference(letters: str, figures: str) -> Square:
    """The square that two letters and an even number of figures name.

    Raises:
        GridError: no such square; the message says what is wrong with it.
    """
    if len(figures) % 2 or not 2 <= len(figures) <= 10 or not figures.isdecimal():
        raise GridError(f"a grid reference has two letters and 2, 4, 6, 8 or 10 figures; here are {len(figures)}")
    try:
        first, second = (LETTERS.index(letter) for letter in letters.upper())
    except ValueError:
        raise GridError(f"{letters!r} is not a square of the national grid") from None
    east = (first - 2) % 5 * 5 + second % 5
    north = 19 - first // 5 * 5 - second // 5
    if not (0 <= east < EASTING_MAX // 100_000 and 0 <= north < NORTHING_MAX // 100_000):
        raise GridError(f"{letters.upper()!r} is not a square of the national grid")
    half = len(figures) // 2
    side = 10 ** (5 - half)
    return Square(east * 100_000 + int(figures[:half]) * side, north * 100_000 + int(figures[half:]) * side, side)
