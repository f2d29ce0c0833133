"""Journeys: reads of one plate in order of time, and which legs no single vehicle can have driven."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

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
QUANTILE = 0.05
"""What the fastest twentieth took between two cameras is learnt: one misread or clone among them does not set it."""
OBSERVED_MIN = 20
FASTEST_SHARE = 0.6
"""Who takes less than this share of what the fastest twentieth take is doubted. docs/decisions/0043-travel-times-are-learnt.md"""


class Learnt(Protocol):
    """What vehicles take from one camera to another (`store.travel_times.TravelTime` is one)."""

    @property
    def seconds(self) -> float: ...
    @property
    def observed(self) -> int: ...


Basis = Literal["learnt", "straight_line"]


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
    basis: Basis
    """What decided whether it is plausible."""
    usual_s: float | None
    """What the fastest twentieth take, where that is known."""


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (longitude, latitude) in degrees (haversine)."""
    x1, y1, x2, y2 = map(math.radians, (*a, *b))
    h = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(h)))


def least_seconds(metres: float, learnt: Learnt | None = None) -> float:
    """The least that one vehicle can take: the straight line's limit always stands, what is learnt only raises it."""
    return max(metres / KMH_MAX * 3.6, FASTEST_SHARE * learnt.seconds if learnt else 0.0)


def steps(
    reads: Iterable[Read], positions: Mapping[int, tuple[float, float]], learnt: Mapping[tuple[int, int], Learnt] | None = None
) -> list[Step]:
    """The legs between reads, plate by plate; reads in any order. A camera without a position has no part in them.

    `learnt`: travel times by pair of cameras, as far as they are known.
    """
    by_plate = _tracks(read for read in reads if read.camera in positions)
    legs = [_step(a, b, positions, (learnt or {}).get((a.camera, b.camera))) for track in by_plate.values() for a, b in pairwise(track)]
    return sorted(legs, key=lambda leg: (leg.end.captured_at, leg.end.vrm))


def following(reads: Iterable[Read]) -> set[tuple[int, int]]:
    """The pairs of cameras that some plate was seen at one after the other."""
    return {(a.camera, b.camera) for track in _tracks(reads).values() for a, b in pairwise(track)}


def _tracks(reads: Iterable[Read]) -> dict[str, list[Read]]:
    by_plate: dict[str, list[Read]] = {}
    for read in sorted(reads, key=lambda r: (r.captured_at, r.camera)):
        by_plate.setdefault(read.vrm, []).append(read)
    return by_plate


def _step(start: Read, end: Read, positions: Mapping[int, tuple[float, float]], learnt: Learnt | None) -> Step:
    metres = metres_between(positions[start.camera], positions[end.camera])
    seconds = (end.captured_at - start.captured_at) / 1000
    kmh = metres / seconds * 3.6 if seconds > 0 else None
    plausible = metres < METRES_MIN or seconds + CLOCK_S >= least_seconds(metres, learnt)
    # Where even the straight line is too far, that is said: it needs nobody's word for it.
    by_line = learnt is None or (not plausible and seconds + CLOCK_S < least_seconds(metres))
    why = "" if plausible else _why(metres, seconds, None if by_line else learnt)
    usual_s = learnt.seconds if learnt else None
    return Step(start, end, metres, seconds, kmh, plausible, seconds > REST_S, why, "straight_line" if by_line else "learnt", usual_s)


def _why(metres: float, seconds: float, learnt: Learnt | None) -> str:
    if learnt is not None:
        fact = f"{seconds:.0f} s where the fastest twentieth of {learnt.observed} vehicles took {learnt.seconds:.0f} s"
    else:
        least = metres / (seconds + CLOCK_S) * 3.6
        fact = f"{metres / 1000:.0f} km in a straight line in {seconds:.0f} s is at least {least:.0f} km/h"
    return f"{fact}, even if the two clocks are {CLOCK_S} s apart: two vehicles may carry this plate, or one read is wrong"
