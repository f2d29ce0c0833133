"""Places: satellites' coordinates and the British national grid, distances and areas, and a place as people say it.

A library of its own: it needs nothing but Python. See docs/places.md.
"""

from bluelamp.kit.geo.datum import ACCURACY_M
from bluelamp.kit.geo.grid import Grid, GridError, Square, from_grid, from_reference, to_grid, to_reference
from bluelamp.kit.geo.point import Point
from bluelamp.kit.geo.reading import Form, Found, Gazetteer, Place, parse_place, resolved, unresolved
from bluelamp.kit.geo.shapes import Box, bearing_deg, box_around, box_of, distance_m, is_inside, is_within
from bluelamp.kit.geo.showing import Described, describe

__all__ = [
    "ACCURACY_M",
    "Box",
    "Described",
    "Form",
    "Found",
    "Gazetteer",
    "Grid",
    "GridError",
    "Place",
    "Point",
    "Square",
    "bearing_deg",
    "box_around",
    "box_of",
    "describe",
    "distance_m",
    "from_grid",
    "from_reference",
    "is_inside",
    "is_within",
    "parse_place",
    "resolved",
    "to_grid",
    "to_reference",
    "unresolved",
]
