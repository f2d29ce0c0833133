"""A plausible road network between the real towns: motorways between cities, A roads between larger towns, B roads between neighbours.

The towns are where they are; the roads are invented. Which towns a road joins follows from who neighbours whom (`geometry.neighbours`).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from bluelamp.demo.world.chance import Bools, Floats, Ints, stream
from bluelamp.demo.world.geometry import along_curve, crosses_water, distance_km, neighbours
from bluelamp.demo.world.towns import Towns

JUNCTION_DELAY_S = 14.0
"""Lights, roundabouts and give-ways at the end of every stretch that is not a motorway."""


class RoadClass(IntEnum):
    MOTORWAY = 0
    A_ROAD = 1
    B_ROAD = 2


@dataclass(frozen=True, slots=True)
class _Grade:
    population_min: int
    spacing_km: float
    length_km_max: float
    winding: float
    open_kmh: float
    town_kmh: float
    """Free-flow speed of a stretch shorter than 5 km, which lies within one town."""


GRADES = {
    RoadClass.MOTORWAY: _Grade(140_000, 24.0, 190.0, 1.07, 107.0, 100.0),
    RoadClass.A_ROAD: _Grade(14_000, 5.0, 110.0, 1.16, 77.0, 41.0),
    RoadClass.B_ROAD: _Grade(0, 0.0, 45.0, 1.26, 66.0, 40.0),
}


@dataclass(frozen=True, slots=True)
class Roads:
    """Stretches, one a row, from `a` to `b`. Direction 2i of stretch i runs a to b, direction 2i + 1 runs b to a."""

    a: Ints
    b: Ints
    road_class: Ints
    names: tuple[str, ...]
    length_km: Floats
    free_flow_s: Floats
    bend: Floats
    strain: Floats
    """How strongly rush hour slows this stretch: 1 for the typical town street, less on a motorway (see `traffic`)."""

    def __len__(self) -> int:
        return len(self.a)

    def ends(self, direction: Ints) -> tuple[Ints, Ints]:
        """The towns where each direction starts and ends."""
        forth = direction % 2 == 0
        stretch = direction // 2
        return np.where(forth, self.a[stretch], self.b[stretch]), np.where(forth, self.b[stretch], self.a[stretch])

    def position(self, towns: Towns, direction: Ints, share: Floats) -> tuple[Floats, Floats, Floats]:
        """Longitude, latitude and bearing at a share of each direction, counted from where the direction starts."""
        start, end = self.ends(direction)
        bend = np.where(direction % 2 == 0, self.bend[direction // 2], -self.bend[direction // 2])
        lon, lat = towns.longitude, towns.latitude
        return along_curve(lon[start], lat[start], lon[end], lat[end], bend, share)


@dataclass(frozen=True, slots=True)
class Graph:
    """Outgoing directions of each town: `direction[start[t]:start[t + 1]]`, with where each leads and how long it takes."""

    start: list[int]
    direction: list[int]
    leads_to: list[int]
    seconds: list[float]

    def tree(self, origin: int, within_s: float) -> dict[int, tuple[float, int, int]]:
        """Quickest ways from a town: for every town within reach (seconds, direction it is entered by, town before), in order of time."""
        best = {origin: 0.0}
        came: dict[int, tuple[int, int]] = {origin: (-1, -1)}
        settled: dict[int, tuple[float, int, int]] = {}
        queue = [(0.0, origin)]
        while queue:
            seconds, town = heapq.heappop(queue)
            if town in settled:
                continue
            settled[town] = (seconds, *came[town])
            for slot in range(self.start[town], self.start[town + 1]):
                then, onward = seconds + self.seconds[slot], self.leads_to[slot]
                if then < best.get(onward, within_s):
                    best[onward] = then
                    came[onward] = (self.direction[slot], town)
                    heapq.heappush(queue, (then, onward))
        return settled


def build_roads(towns: Towns, seed: int) -> Roads:
    """The network of the nation; a stretch that would cross open water is left out."""
    rng = stream(seed, "roads")
    pairs, classes = [], []
    taken: set[tuple[int, int]] = set()
    for road_class, grade in GRADES.items():
        hubs = _hubs(towns, grade)
        found = hubs[neighbours(towns.x_km[hubs], towns.y_km[hubs], lune=road_class is RoadClass.MOTORWAY, within_km=grade.length_km_max)]
        fresh = np.array([tuple(pair) not in taken for pair in np.sort(found, axis=1).tolist()], bool)
        taken.update(tuple(pair) for pair in np.sort(found, axis=1).tolist())
        pairs.append(found[fresh])
        classes.append(np.full(int(fresh.sum()), int(road_class)))
    ends = np.concatenate(pairs)
    a, b, road_class_of = ends[:, 0], ends[:, 1], np.concatenate(classes)
    dry = ~crosses_water(towns.longitude[a], towns.latitude[a], towns.longitude[b], towns.latitude[b])
    a, b, road_class_of = a[dry], b[dry], road_class_of[dry]
    winding = np.array([GRADES[road_class].winding for road_class in RoadClass])[road_class_of]
    length = np.maximum(distance_km(towns.longitude[a], towns.latitude[a], towns.longitude[b], towns.latitude[b]), 0.4) * winding
    open_kmh = np.array([GRADES[road_class].open_kmh for road_class in RoadClass])[road_class_of]
    town_kmh = np.array([GRADES[road_class].town_kmh for road_class in RoadClass])[road_class_of]
    rural = np.clip((length - 3.0) / 6.0, 0.0, 1.0)
    speed = town_kmh + (open_kmh - town_kmh) * rural
    lights = np.where(road_class_of == RoadClass.MOTORWAY, 0.0, JUNCTION_DELAY_S)
    town_strain = np.array([0.45, 1.25, 1.75])[road_class_of] * (1.0 - 0.6 * rural)
    return Roads(
        a=a,
        b=b,
        road_class=road_class_of,
        names=_names(towns, a, b, road_class_of),
        length_km=length,
        free_flow_s=length / speed * 3600.0 + lights,
        bend=rng.uniform(-0.10, 0.10, len(a)),
        strain=town_strain * rng.lognormal(-0.125, 0.50, len(a)),
    )


def graph_of(roads: Roads, town_count: int) -> Graph:
    """The network as lists, which the search for the quickest way reads faster than arrays."""
    direction = np.arange(2 * len(roads))
    start, end = roads.ends(direction)
    order = np.argsort(start, kind="stable")
    bounds = np.searchsorted(start[order], np.arange(town_count + 1))
    seconds = np.repeat(roads.free_flow_s, 2)
    return Graph(bounds.tolist(), direction[order].tolist(), end[order].tolist(), seconds[order].tolist())


def mainland(roads: Roads, town_count: int) -> Bools:
    """Which towns belong to the largest connected part: nobody drives to an island without a bridge."""
    label = np.arange(town_count)
    while True:
        lowest = np.minimum(label[roads.a], label[roads.b])
        settled = label.copy()
        np.minimum.at(settled, roads.a, lowest)
        np.minimum.at(settled, roads.b, lowest)
        settled = settled[settled]
        if np.array_equal(settled, label):
            return np.asarray(label == np.bincount(label).argmax(), dtype=np.bool_)
        label = settled


def _hubs(towns: Towns, grade: _Grade) -> Ints:
    """Towns large enough for this class of road, none nearer to a larger one than the spacing."""
    chosen: list[int] = []
    for town in np.flatnonzero(towns.population >= grade.population_min).tolist():
        x, y = towns.x_km[chosen], towns.y_km[chosen]
        if not chosen or np.min((x - towns.x_km[town]) ** 2 + (y - towns.y_km[town]) ** 2) >= grade.spacing_km**2:
            chosen.append(town)
    return np.array(chosen, np.int64)


def _names(towns: Towns, a: Ints, b: Ints, road_class: Ints) -> tuple[str, ...]:
    """Road numbers: stretches that run on through a town keep their number; the first digit tells the part of the country."""
    roads_of_town: dict[tuple[int, int], list[int]] = {}
    for stretch, (one, two, kind) in enumerate(zip(a.tolist(), b.tolist(), road_class.tolist(), strict=True)):
        roads_of_town.setdefault((one, kind), []).append(stretch)
        roads_of_town.setdefault((two, kind), []).append(stretch)
    heading = np.arctan2(towns.x_km[b] - towns.x_km[a], towns.y_km[b] - towns.y_km[a])
    name: list[str] = [""] * len(a)
    used: dict[str, int] = {}
    for first in range(len(a)):
        if name[first]:
            continue
        kind = int(road_class[first])
        chain = [first, *_onward(first, int(b[first]), kind, roads_of_town, heading, a, b, name)]
        chain += _onward(first, int(a[first]), kind, roads_of_town, heading, a, b, name, set(chain))
        number = _number(RoadClass(kind), _zone(towns, int(a[first])), used)
        for stretch in chain:
            name[stretch] = number
    return tuple(name)


def _onward(
    stretch: int,
    town: int,
    kind: int,
    roads_of_town: dict[tuple[int, int], list[int]],
    heading: Floats,
    a: Ints,
    b: Ints,
    name: list[str],
    seen: set[int] | None = None,
) -> list[int]:
    """The stretches that carry a road on beyond a town: each the straightest unnamed continuation, ten at most."""
    walked: list[int] = []
    seen = {stretch} | (seen or set())
    while len(walked) < 10:
        options = [other for other in roads_of_town[(town, kind)] if other not in seen and not name[other]]
        turns = [abs(np.sin(heading[other] - heading[stretch])) for other in options]
        if not options or min(turns) > 0.6:
            return walked
        stretch = options[int(np.argmin(turns))]
        seen.add(stretch)
        walked.append(stretch)
        town = int(b[stretch]) if int(a[stretch]) == town else int(a[stretch])
    return walked


def _zone(towns: Towns, town: int) -> int:
    """1-6 clockwise about London, 7-9 in Scotland, like the real scheme's sectors."""
    if towns.nations[town] == "SCT":
        return 7 + int(towns.latitude[town] > 56.0) + int(towns.latitude[town] > 57.2)
    angle = np.degrees(np.arctan2(towns.x_km[town] - 165.0, towns.y_km[town] - 167.0)) % 360
    return 1 + int(((angle + 15.0) % 360) // 60)


def _number(road_class: RoadClass, zone: int, used: dict[str, int]) -> str:
    letter, digits = ("M", 1) if road_class is RoadClass.MOTORWAY else ("A", 2) if road_class is RoadClass.A_ROAD else ("B", 3)
    key = f"{letter}{zone}"
    used[key] = count = used.get(key, 0) + 1
    if road_class is RoadClass.A_ROAD and count > 99:
        return f"A{zone}{count:03d}"
    return f"{letter}{zone}{count:0{digits}d}"
