"""Where, when and in which direction an entry is of interest: checked after the index has found it."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

LONDON = ZoneInfo("Europe/London")
VERTICES_MAX = 1_000

Position = tuple[float, float]
"""Longitude, latitude."""

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """A span of the day, local time in Great Britain; past midnight where it ends before it starts."""

    start: str
    end: str
    days: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...] = (0, 1, 2, 3, 4, 5, 6)
    """Monday is 0. A span past midnight belongs to the day on which it starts."""


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that are given must hold."""

    area: tuple[tuple[Position, ...], ...] = ()
    """Rings of a polygon (GeoJSON order: longitude first); a point in an inner ring is outside. Empty: anywhere."""
    times: tuple[Times, ...] = ()
    directions: tuple[str, ...] = ()


def problem(conditions: Conditions) -> str:
    """Say what is wrong with the conditions; empty where nothing is."""
    if sum(len(ring) for ring in conditions.area) > VERTICES_MAX:
        return f"an area has at most {VERTICES_MAX} points"
    for ring in conditions.area:
        if len(ring) < 4 or ring[0] != ring[-1]:
            return "a ring of an area has four points or more and ends where it starts"
        if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in ring):
            return "an area is given in degrees, longitude first"
    for times in conditions.times:
        if not _CLOCK.fullmatch(times.start) or not _CLOCK.fullmatch(times.end) or times.start == times.end:
            return "times are given as HH:MM, from one to another"
    return ""


def hold(conditions: Conditions, position: Position | None, direction: str, captured_at: int) -> bool:
    """Tell whether a read made there, then (milliseconds since the epoch) and so meets the conditions.

    What the camera did not say counts as met: a missed vehicle is worse than one told with a doubt.
    """
    if conditions.area and position is not None and not contains(conditions.area, position):
        return False
    if conditions.directions and direction and direction not in conditions.directions:
        return False
    return not conditions.times or any(_within(times, captured_at) for times in conditions.times)


def contains(rings: tuple[tuple[Position, ...], ...], position: Position) -> bool:
    """Tell whether a polygon holds the position: even-odd rule over all rings (Haines, Graphics Gems IV, 1994)."""
    x, y = position
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HEADINGS = {
    "n": "north", "ne": "north-east", "e": "east", "se": "south-east", "s": "south", "sw": "south-west", "w": "west", "nw": "north-west",
}  # fmt: skip
_MOVES = {"approaching": "towards the camera", "away": "away from the camera", "in": "going in", "out": "going out"}
_KM_A_DEGREE = 111.2


def words(conditions: Conditions | None) -> str:
    """The conditions as a person reads them, such as "every day 22:00 to 06:00; heading north"; empty where there are none."""
    if conditions is None:
        return ""
    parts = [_area_words(conditions.area[0])] if conditions.area else []
    if conditions.times:
        parts.append(" or ".join(f"{_day_words(t.days)} {t.start} to {t.end}" for t in conditions.times))
    if conditions.directions:
        parts.append(" or ".join(_MOVES.get(d) or f"heading {_HEADINGS.get(d, d)}" for d in conditions.directions))
    return "; ".join(parts)


def _area_words(ring: tuple[Position, ...]) -> str:
    west, east = min(lon for lon, _ in ring), max(lon for lon, _ in ring)
    south, north = min(lat for _, lat in ring), max(lat for _, lat in ring)
    across = (east - west) * math.cos(math.radians((south + north) / 2)) * _KM_A_DEGREE
    sides = " by ".join(f"{side:.0f}" if side >= 1 else f"{side:.1g}" for side in (across, (north - south) * _KM_A_DEGREE))
    return f"in an area of {sides} km"


def _day_words(days: tuple[int, ...]) -> str:
    held = sorted(set(days))
    if len(held) in (0, 7):
        return "every day" if held else "on no day"
    if len(held) > 2 and held[-1] - held[0] == len(held) - 1:
        return f"{_DAYS[held[0]]} to {_DAYS[held[-1]]}"
    return ", ".join(_DAYS[day] for day in held)


def _within(times: Times, captured_at: int) -> bool:
    local = datetime.fromtimestamp(captured_at / 1000, UTC).astimezone(LONDON)
    clock, day = local.strftime("%H:%M"), local.weekday()
    if times.start < times.end:
        return day in times.days and times.start <= clock < times.end
    return (day in times.days and clock >= times.start) or ((day - 1) % 7 in times.days and clock < times.end)
