"""Journeys: reads of one plate in order of time, and which legs no single vehicle can have driven."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from bluelamp.anpr.domain import Read

REST_S = 3600
"""A vehicle unseen for longer begins a new journey."""
KMH_MAX = 250.0
"""No leg is faster: the straight line is shorter than any road, so whoever exceeds this on it was two vehicles."""
CLOCK_S = 60
"""What two cameras' clocks may be apart; given to every leg before it is called impossible."""
METRES_MIN = 1000
"""Two cameras nearer than this may see one vehicle at once."""
EARTH_M = 6_371_008.8


class Step(NamedTuple):
    """From one read to the next of the same plate."""

    start: Read
    end: Read
    metres: float
    seconds: float
    kmh: float | None
    plausible: bool
    new_journey: bool
    why: str


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (longitude, latitude) in degrees (haversine)."""
    x1, y1, x2, y2 = map(math.radians, (*a, *b))
    h = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(h)))


def steps(reads: Iterable[Read], positions: dict[int, tuple[float, float]]) -> list[Step]:
    """The legs between reads, plate by plate; reads in any order. A camera without a position has no part in them."""
    by_plate: dict[str, list[Read]] = {}
    for read in sorted(reads, key=lambda r: (r.captured_at, r.camera)):
        if read.camera in positions:
            by_plate.setdefault(read.vrm, []).append(read)
    legs = [_step(a, b, positions) for track in by_plate.values() for a, b in pairwise(track)]
    return sorted(legs, key=lambda leg: (leg.end.captured_at, leg.end.vrm))


def _step(start: Read, end: Read, positions: dict[int, tuple[float, float]]) -> Step:
    metres = metres_between(positions[start.camera], positions[end.camera])
    seconds = (end.captured_at - start.captured_at) / 1000
    kmh = metres / seconds * 3.6 if seconds > 0 else None
    least = metres / (seconds + CLOCK_S) * 3.6
    plausible = metres < METRES_MIN or least <= KMH_MAX
    why = ""
    if not plausible:
        why = (
            f"{metres / 1000:.0f} km in a straight line in {seconds:.0f} s is at least {least:.0f} km/h, even if the two clocks are"
            f" {CLOCK_S} s apart: two vehicles may carry this plate, or one read is wrong"
        )
    return Step(start, end, metres, seconds, kmh, plausible, seconds > REST_S, why)
