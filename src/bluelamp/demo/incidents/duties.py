"""What a resource is doing, as a function from time to place. Pure; times are seconds since 1970."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from bluelamp.demo.incidents.cast import Unit
from bluelamp.demo.incidents.ways import UNHURRIED, Fix, Spot, Way, Ways
from bluelamp.demo.world.chance import stream

WALKING_MPS = 1.1
_BEAT_REACH_S = (150.0, 1100.0)
_BEAT_TOWNS = 5


class Duty(Protocol):
    def at(self, moment_s: float) -> Fix:
        """Where it is then."""


@dataclass(frozen=True, slots=True)
class Standing:
    fix: Fix

    def at(self, moment_s: float) -> Fix:
        del moment_s
        return self.fix._replace(speed_mps=0.0)


@dataclass(frozen=True, slots=True)
class Beat:
    """Round and round from a station to towns about it, with stops; where it is follows from when it began."""

    legs: tuple[Way, ...]
    stops_s: tuple[float, ...]
    """How long it stands at the end of each leg."""
    began_s: float

    def _now(self, moment_s: float) -> tuple[Way, float]:
        into = (moment_s - self.began_s) % (sum(leg.seconds for leg in self.legs) + sum(self.stops_s))
        for leg, stop_s in zip(self.legs, self.stops_s, strict=True):
            if into < leg.seconds + stop_s:
                return leg, into
            into -= leg.seconds + stop_s
        return self.legs[0], 0.0

    def at(self, moment_s: float) -> Fix:
        leg, into = self._now(moment_s)
        return leg.at(into)

    def spot(self, moment_s: float) -> Spot:
        leg, into = self._now(moment_s)
        return leg.spot(into)


@dataclass(frozen=True, slots=True)
class Driving:
    """Along a way, then something else where it ends."""

    way: Way
    began_s: float
    then: Duty

    def at(self, moment_s: float) -> Fix:
        into = moment_s - self.began_s
        return self.way.at(into) if into < self.way.seconds else self.then.at(moment_s)


@dataclass(frozen=True, slots=True)
class Walking:
    """Along a line of positions on foot, then standing at its end."""

    line: tuple[Fix, ...]
    began_s: float
    mps: float = WALKING_MPS

    @property
    def seconds(self) -> float:
        return sum(a.metres_to(b) for a, b in pairwise(self.line)) / self.mps

    def at(self, moment_s: float) -> Fix:
        left = max(0.0, moment_s - self.began_s) * self.mps
        for a, b in pairwise(self.line):
            metres = a.metres_to(b)
            if left < metres:
                share = left / metres
                lon = a.longitude + (b.longitude - a.longitude) * share
                lat = a.latitude + (b.latitude - a.latitude) * share
                east = (b.longitude - a.longitude) * math.cos(math.radians(a.latitude))
                course = math.degrees(math.atan2(east, b.latitude - a.latitude)) % 360
                return Fix(round(lon, 6), round(lat, 6), round(course, 1), self.mps)
            left -= metres
        return self.line[-1]._replace(speed_mps=0.0)


@dataclass(frozen=True, slots=True)
class Milling:
    """About a post: a few metres this way and that. The post itself may move."""

    post: Duty
    radius_m: float
    turn: float
    """0-1: where on its round it begins."""

    def at(self, moment_s: float) -> Fix:
        angle = 2 * math.pi * (self.turn + moment_s / 420.0)
        fix = self.post.at(moment_s).moved(self.radius_m * math.cos(angle), self.radius_m * math.sin(1.7 * angle))
        return fix._replace(longitude=round(fix.longitude, 6), latitude=round(fix.latitude, 6), speed_mps=0.4)


def habit_of(ways: Ways, unit: Unit, seed: int, began_s: float) -> Duty | None:
    """What a unit does while nobody needs it; None: it is off duty, and nobody's business where."""
    town = ways.towns.named(unit.home)
    station = ways.in_town(town)
    if unit.habit == "off":
        return None
    rng = stream(seed, "beat", unit.call_sign)
    if unit.habit == "station":
        return Standing(ways.fix(station).moved(*rng.uniform(-120, 120, 2).tolist()))
    near = sorted(place for place, (seconds, _, _) in ways.tree(town).items() if _BEAT_REACH_S[0] <= seconds <= _BEAT_REACH_S[1])
    chosen = rng.choice(near, min(_BEAT_TOWNS, len(near)), replace=False).tolist()
    legs: list[Way] = []
    for place in chosen:
        there = ways.between(station, ways.in_town(place), UNHURRIED)
        legs += [there, ways.between(ways.in_town(place), station, UNHURRIED)]
    least, most = (60.0, 300.0) if unit.habit == "patrol" else (400.0, 900.0)
    stops = rng.uniform(least, most, len(legs)).tolist()
    return Beat(tuple(legs), tuple(stops), began_s)
