"""Where the stories play: on the nation's own roads and in its real towns. Pure."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from bluelamp.demo.incidents.ways import Fix, Spot, Ways
from bluelamp.demo.world.chance import stream
from bluelamp.demo.world.roads import RoadClass

MOTORWAY_TOWN, EVENT_TOWN, SEARCH_TOWN = "Preston", "Preston", "Kendal"
_COMPASS = ("northbound", "eastbound", "southbound", "westbound")


class RoadScene(NamedTuple):
    """A place on a road, as people say it."""

    spot: Spot
    fix: Fix
    road: str
    said: str


def collision_scene(ways: Ways, seed: int, run: int) -> RoadScene:
    """Another place each time, on the motorway nearest to the town, some kilometres out. Without a motorway, on the widest road."""
    town = ways.towns.named(MOTORWAY_TOWN)
    touching = np.flatnonzero((ways.roads.a == town) | (ways.roads.b == town))
    best = int(ways.roads.road_class[touching].min())
    stretches = touching[ways.roads.road_class[touching] == best].tolist()
    rng = stream(seed, "collision", run)
    stretch = int(stretches[run % len(stretches)])
    km = float(rng.uniform(2.5, 7.0))
    share = min(0.45, km / float(ways.roads.length_km[stretch]))
    outward = 2 * stretch if int(ways.roads.a[stretch]) == town else 2 * stretch + 1
    spot = Spot(outward, share) if run % 3 else Spot(outward ^ 1, 1.0 - share)
    fix = ways.fix(spot)
    road = ways.roads.names[stretch]
    way = _COMPASS[int(((fix.course_deg or 0.0) + 45.0) % 360 // 90)]
    told = f"{road} {way}, {share * float(ways.roads.length_km[stretch]):.1f} km from {MOTORWAY_TOWN}"
    if best == RoadClass.MOTORWAY:
        told += ", between junctions"
    return RoadScene(spot, fix, road, told)


def town_centre(ways: Ways, town: str) -> Fix:
    index = ways.towns.named(town)
    return Fix(round(float(ways.towns.longitude[index]), 6), round(float(ways.towns.latitude[index]), 6))


def fell_scene(ways: Ways, seed: int, run: int) -> Fix:
    """Where somebody was last seen: three or four kilometres out of the search town, off the roads."""
    angle = float(stream(seed, "search", run).uniform(0, 2 * math.pi))
    return _rounded(town_centre(ways, SEARCH_TOWN).moved(3500 * math.cos(angle), 3500 * math.sin(angle)))


def point(fix: Fix) -> dict[str, Any]:
    """GeoJSON."""
    return {"type": "Point", "coordinates": [round(fix.longitude, 6), round(fix.latitude, 6)]}


def line(*fixes: Fix) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [point(fix)["coordinates"] for fix in fixes]}


def polygon(*corners: Fix) -> dict[str, Any]:
    ring = [point(fix)["coordinates"] for fix in (*corners, corners[0])]
    return {"type": "Polygon", "coordinates": [ring]}


def ring(centre: Fix, radius_m: float, corners: int = 20) -> dict[str, Any]:
    """A circle, as a polygon."""
    turns = [2 * math.pi * n / corners for n in range(corners)]
    return polygon(*(centre.moved(radius_m * math.sin(turn), radius_m * math.cos(turn)) for turn in turns))


def sector_corners(centre: Fix, number: int, count: int, inner_m: float, outer_m: float) -> tuple[Fix, Fix, Fix, Fix]:
    """A slice of a ring about a centre, one of `count`."""
    start, end = (2 * math.pi * edge / count for edge in (number, number + 1))

    def corner(radius: float, turn: float) -> Fix:
        return _rounded(centre.moved(radius * math.sin(turn), radius * math.cos(turn)))

    return corner(inner_m, start), corner(outer_m, start), corner(outer_m, end), corner(inner_m, end)


def combed(corners: tuple[Fix, Fix, Fix, Fix], lanes: int) -> tuple[Fix, ...]:
    """The line that a team walks to search a sector: to and fro between its two long sides."""
    near, far, far_end, near_end = corners
    walked: list[Fix] = []
    for lane in range(lanes):
        share = (lane + 0.5) / lanes
        ends = [_between(near, near_end, share), _between(far, far_end, share)]
        walked += ends if lane % 2 == 0 else reversed(ends)
    return tuple(walked)


def middle(corners: tuple[Fix, Fix, Fix, Fix]) -> Fix:
    return Fix(sum(corner.longitude for corner in corners) / 4, sum(corner.latitude for corner in corners) / 4)


def place(fix: Fix, said: str = "", source: str = "gps", accuracy_m: float = 6.0) -> dict[str, Any]:
    """A place as the platform takes it."""
    told = {"latitude": round(fix.latitude, 6), "longitude": round(fix.longitude, 6), "source": source, "accuracy_m": accuracy_m}
    return {**told, "said": said} if said else told


def _between(a: Fix, b: Fix, share: float) -> Fix:
    return _rounded(Fix(a.longitude + (b.longitude - a.longitude) * share, a.latitude + (b.latitude - a.latitude) * share))


def _rounded(fix: Fix) -> Fix:
    return fix._replace(longitude=round(fix.longitude, 6), latitude=round(fix.latitude, 6))
