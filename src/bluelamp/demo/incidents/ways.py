"""Ways along the nation's roads from any spot to any other, and where somebody who drives one is at a moment. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from bluelamp.demo.world.nation import Nation
from bluelamp.demo.world.roads import Graph, Roads, graph_of
from bluelamp.demo.world.towns import Towns

BLUE_LIGHTS = 0.72
"""Share of the usual time that an emergency drive takes."""
UNHURRIED = 1.15
TURN_S = 40.0
"""To the next junction or gateway and back."""
_REACH_S = 5400.0
_METRES_A_DEGREE = 111_195.0


class Fix(NamedTuple):
    """Where something is and how it moves. Degrees WGS 84; course clockwise from true north."""

    longitude: float
    latitude: float
    course_deg: float | None = None
    speed_mps: float = 0.0

    def moved(self, east_m: float, north_m: float) -> Fix:
        """The same some metres away."""
        squeeze = math.cos(math.radians(self.latitude))
        return self._replace(
            longitude=self.longitude + east_m / _METRES_A_DEGREE / squeeze, latitude=self.latitude + north_m / _METRES_A_DEGREE
        )

    def metres_to(self, other: Fix) -> float:
        squeeze = math.cos(math.radians((self.latitude + other.latitude) / 2))
        east, north = (other.longitude - self.longitude) * squeeze, other.latitude - self.latitude
        return math.hypot(east, north) * _METRES_A_DEGREE


class Spot(NamedTuple):
    """A place on a road: a direction of `Roads` and the share of it, counted from where the direction starts."""

    direction: int
    share: float


class Leg(NamedTuple):
    """A part of one direction, driven in so many seconds."""

    direction: int
    start: float
    end: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Way:
    """Legs in the order driven."""

    ways: Ways
    legs: tuple[Leg, ...]

    @property
    def seconds(self) -> float:
        return sum(leg.seconds for leg in self.legs)

    def spot(self, seconds: float) -> Spot:
        """Where one is after so many seconds; before the beginning and after the end one stands there."""
        for leg in self.legs:
            if seconds <= leg.seconds:
                done = max(0.0, seconds) / leg.seconds if leg.seconds else 1.0
                return Spot(leg.direction, leg.start + (leg.end - leg.start) * done)
            seconds -= leg.seconds
        last = self.legs[-1]
        return Spot(last.direction, last.end)

    def at(self, seconds: float) -> Fix:
        """The same as a position."""
        spot = self.spot(seconds)
        fix = self.ways.fix(spot)
        if not 0.0 <= seconds < self.seconds:
            return fix._replace(speed_mps=0.0)
        left = seconds
        for leg in self.legs:
            if left <= leg.seconds:
                metres = float(self.ways.roads.length_km[leg.direction // 2]) * 1000 * (leg.end - leg.start)
                return fix._replace(speed_mps=round(metres / leg.seconds, 1) if leg.seconds else 0.0)
            left -= leg.seconds
        return fix


@dataclass(frozen=True)
class Ways:
    """The road network as somebody who drives sees it."""

    towns: Towns
    roads: Roads
    _trees: dict[int, dict[int, tuple[float, int, int]]] = field(default_factory=dict, repr=False, compare=False)
    """Quickest ways from the towns that were asked about; only stations and scenes' towns are, some dozens."""

    @classmethod
    def of(cls, nation: Nation) -> Ways:
        return cls(nation.towns, nation.roads)

    @cached_property
    def graph(self) -> Graph:
        return graph_of(self.roads, len(self.towns))

    def fix(self, spot: Spot) -> Fix:
        """Where a spot is, and which way the road goes there."""
        lon, lat, bearing = self.roads.position(self.towns, np.array([spot.direction]), np.array([spot.share]))
        return Fix(round(float(lon[0]), 6), round(float(lat[0]), 6), round(float(bearing[0]), 1))

    def ends(self, direction: int) -> tuple[int, int]:
        """The towns where a direction starts and ends."""
        a, b = int(self.roads.a[direction // 2]), int(self.roads.b[direction // 2])
        return (a, b) if direction % 2 == 0 else (b, a)

    def tree(self, town: int) -> dict[int, tuple[float, int, int]]:
        """Quickest ways from a town, as `Graph.tree` gives them."""
        if town not in self._trees:
            if len(self._trees) >= 400:
                self._trees.clear()
            self._trees[town] = self.graph.tree(town, _REACH_S)
        return self._trees[town]

    def in_town(self, town: int) -> Spot:
        """The spot where a town's roads meet."""
        return Spot(self.graph.direction[self.graph.start[town]], 0.0)

    def between(self, here: Spot, there: Spot, pace: float) -> Way:
        """The quickest way; `pace` times the free-flow time. To turn about in the middle of a stretch takes `TURN_S`.

        Raises:
            ValueError: no road leads there within an hour and a half.
        """
        turned = Spot(here.direction ^ 1, 1.0 - here.share)
        found = list(self._from(here, (), there, pace))
        if here.share > 0.0:
            found += self._from(turned, (Leg(turned.direction, turned.share, turned.share, TURN_S),), there, pace)
        if not found:
            raise ValueError(f"no road from {here} to {there}")
        return min(found, key=lambda way: way.seconds)

    def _from(self, here: Spot, before: tuple[Leg, ...], there: Spot, pace: float) -> Iterator[Way]:
        """Ways to either side of the spot, the way that one faces."""
        sides = (there, Spot(there.direction ^ 1, 1.0 - there.share))
        for target in sides:
            if here.direction == target.direction and target.share >= here.share:
                yield Way(self, (*before, self._leg(here.direction, here.share, target.share, pace)))
        begun = () if here.share == 0.0 else (self._leg(here.direction, here.share, 1.0, pace),)
        tree = self.tree(self.ends(here.direction)[0 if here.share == 0.0 else 1])
        for target in sides:
            entry = self.ends(target.direction)[0]
            if entry in tree:
                last = self._leg(target.direction, 0.0, target.share, pace)
                yield Way(self, (*before, *begun, *self._driven(tree, entry, pace), last))

    def _driven(self, tree: dict[int, tuple[float, int, int]], town: int, pace: float) -> tuple[Leg, ...]:
        legs = []
        while tree[town][1] >= 0:
            _, direction, town = tree[town]
            legs.append(self._leg(direction, 0.0, 1.0, pace))
        return tuple(reversed(legs))

    def _leg(self, direction: int, start: float, end: float, pace: float) -> Leg:
        return Leg(direction, start, end, float(self.roads.free_flow_s[direction // 2]) * (end - start) * pace)
