"""A point in every form that people speak of places in."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.kit.geo.grid import Grid, to_grid, to_reference
from bluelamp.kit.geo.point import Point


class Described(NamedTuple):
    """None where a form does not reach that far."""

    decimal: str
    """Latitude and longitude, WGS 84: `54.32801, -2.74364`."""
    degrees: str
    """Degrees, minutes and seconds: `54°19'40.8"N 2°44'37.1"W`."""
    grid_reference: str | None
    """British national grid: `SD 5170 9280`."""
    easting_northing: str | None
    """The same in metres: `351700 492800`."""


def describe(point: Point, side_m: int = 1) -> Described:
    """`side_m`: how exactly the place is known, 1 to 10,000 m; the grid reference names the square of that side."""
    digits = 10 - 2 * min(len(str(max(1, side_m))) - 1, 4)
    found = to_grid(point)
    # There and back costs a centimetre, which must not move a place over the edge of its square.
    grid = None if found is None else Grid(round(found.easting, 1), round(found.northing, 1))
    return Described(
        f"{point.latitude:.5f}, {point.longitude:.5f}",
        f"{_angle(point.latitude, 'NS')} {_angle(point.longitude, 'EW')}",
        None if grid is None else to_reference(grid, digits),
        None if grid is None else f"{int(grid.easting)} {int(grid.northing):06d}",
    )


def _angle(degrees: float, ends: str) -> str:
    tenths = round(abs(degrees) * 36_000)
    whole, rest = divmod(tenths, 36_000)
    minutes, seconds = divmod(rest, 600)
    return f"{whole}°{minutes:02d}'{seconds / 10:04.1f}\"{ends[degrees < 0]}"
