"""Plane geometry of the road network: who neighbours whom, and what water lies between."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bluelamp.demo.world.chance import Bools, Floats, Ints

WATER: tuple[tuple[tuple[float, float], ...], ...] = (
    ((-5.5, 51.40), (-3.50, 51.33), (-3.05, 51.42), (-2.70, 51.56)),  # Bristol Channel, up to the bridges
    ((0.28, 51.46), (0.75, 51.49), (1.60, 51.55)),  # Thames estuary, below the crossing
    ((-2.00, 50.65), (-1.55, 50.72), (-1.30, 50.80), (-1.00, 50.73), (-0.80, 50.70)),  # Solent
    ((0.25, 53.20), (0.25, 52.83)),  # The Wash
    ((-0.40, 53.705), (-0.20, 53.65), (0.00, 53.60), (0.30, 53.50)),  # Humber, below the bridge
    ((-3.35, 53.38), (-3.15, 53.30), (-3.07, 53.25)),  # Dee
    ((-3.20, 53.72), (-2.85, 53.73)),  # Ribble
    ((-3.30, 54.00), (-2.95, 54.12), (-2.88, 54.19)),  # Morecambe Bay
    ((-4.00, 54.70), (-3.50, 54.88), (-3.15, 54.96)),  # Solway
    ((-4.75, 55.95), (-4.95, 55.85), (-5.00, 55.40)),  # Clyde
    ((-3.35, 56.00), (-3.00, 56.05), (-2.40, 56.15)),  # Forth, below the bridges
    ((-2.85, 56.45), (-2.60, 56.46)),  # Tay
    ((-4.10, 57.55), (-3.70, 57.70), (-3.00, 57.90)),  # Moray Firth
    ((-6.40, 57.40), (-6.00, 58.30), (-5.40, 58.60)),  # The Minch
    ((-3.60, 58.68), (-2.80, 58.72)),  # Pentland Firth
    ((-4.90, 52.20), (-4.15, 52.60), (-4.40, 52.85)),  # Cardigan Bay
)
"""Hand-drawn lines (longitude, latitude) that no road crosses. Bridges and tunnels are left as gaps."""


def neighbours(x: Floats, y: Floats, *, lune: bool, within_km: float, nearest: int = 24) -> Ints:
    """Pairs (n, 2) of the Gabriel graph, or with `lune` the sparser relative neighbourhood graph, among each point's nearest.

    Source: Jaromczyk and Toussaint, Relative neighborhood graphs and their relatives, Proceedings of the IEEE 80 (1992).
    """
    count = len(x)
    nearest = min(nearest, count - 1)
    near = np.empty((count, nearest), np.int64)
    far = np.empty((count, nearest))
    for start in range(0, count, 512):
        rows = slice(start, start + 512)
        square = (x[rows, None] - x) ** 2 + (y[rows, None] - y) ** 2
        square[np.arange(square.shape[0]), np.arange(start, start + square.shape[0])] = np.inf
        order = np.argpartition(square, nearest - 1, axis=1)[:, :nearest]
        near[rows] = order
        far[rows] = np.take_along_axis(square, order, axis=1)
    # A witness that breaks the edge i-j is always among the points nearer to i than j is, so i's own list suffices.
    to_i = far[:, None, :]
    to_j = (x[near][:, :, None] - x[near][:, None, :]) ** 2 + (y[near][:, :, None] - y[near][:, None, :]) ** 2
    to_j[:, np.arange(nearest), np.arange(nearest)] = np.inf
    edge = far[:, :, None]
    broken = np.maximum(to_i, to_j) < edge if lune else to_i + to_j < edge
    keep = ~broken.any(axis=2) & (far <= within_km**2)
    pairs = np.stack([np.repeat(np.arange(count), nearest)[keep.ravel()], near.ravel()[keep.ravel()]], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def crosses_water(from_lon: Floats, from_lat: Floats, to_lon: Floats, to_lat: Floats) -> Bools:
    """Whether each straight line from one position to another crosses a line of `WATER`."""
    wet = np.zeros(len(from_lon), bool)
    for shore in WATER:
        for (a_lon, a_lat), (b_lon, b_lat) in pairwise(shore):
            side_from = _side(a_lon, a_lat, b_lon, b_lat, from_lon, from_lat)
            side_to = _side(a_lon, a_lat, b_lon, b_lat, to_lon, to_lat)
            side_a = _side(from_lon, from_lat, to_lon, to_lat, a_lon, a_lat)
            side_b = _side(from_lon, from_lat, to_lon, to_lat, b_lon, b_lat)
            wet |= (side_from * side_to < 0) & (side_a * side_b < 0)
    return wet


def _side(
    a_x: Floats | float, a_y: Floats | float, b_x: Floats | float, b_y: Floats | float, x: Floats | float, y: Floats | float
) -> Floats:
    return np.asarray((b_x - a_x) * (y - a_y) - (b_y - a_y) * (x - a_x), dtype=np.float64)


def distance_km(from_lon: Floats, from_lat: Floats, to_lon: Floats, to_lat: Floats) -> Floats:
    """Great-circle distance on a sphere of 6,371 km (haversine)."""
    north = np.radians(to_lat - from_lat)
    east = np.radians(to_lon - from_lon)
    chord = np.sin(north / 2) ** 2 + np.cos(np.radians(from_lat)) * np.cos(np.radians(to_lat)) * np.sin(east / 2) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(chord)), dtype=np.float64)


def along_curve(
    from_lon: Floats, from_lat: Floats, to_lon: Floats, to_lat: Floats, bend: Floats, share: Floats
) -> tuple[Floats, Floats, Floats]:
    """Position and bearing (degrees, the way of travel) at a share 0-1 of a road that bows sideways by `bend` of its length."""
    squeeze = np.cos(np.radians((from_lat + to_lat) / 2))
    east, north = (to_lon - from_lon) * squeeze, to_lat - from_lat
    middle_e, middle_n = east / 2 - 2 * bend * north, north / 2 + 2 * bend * east
    pull, end = 2 * share * (1 - share), share**2
    longitude = from_lon + (pull * middle_e + end * east) / squeeze
    latitude = from_lat + pull * middle_n + end * north
    way_e = 2 * (1 - share) * middle_e + 2 * share * (east - middle_e)
    way_n = 2 * (1 - share) * middle_n + 2 * share * (north - middle_n)
    return longitude, latitude, np.degrees(np.arctan2(way_e, way_n)) % 360
