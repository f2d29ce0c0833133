"""The number-plate sense as one object: cameras on the nation's roads, and the reads they make in any window of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bluelamp.demo.anpr.cameras import CAMERA_COUNT, Cameras, Gates, place_cameras
from bluelamp.demo.anpr.habits import Habits, draw_habits
from bluelamp.demo.anpr.passages import Passages, RouteGates, gates_of_routes, passages_of
from bluelamp.demo.anpr.reads import Reads, reads_of
from bluelamp.demo.world.chance import Ints, stream
from bluelamp.demo.world.journeys import Trips, together
from bluelamp.demo.world.nation import Nation

LONGEST_TRIP_S = 16 * 3600.0
"""No journey takes longer, stops and rush hour included."""
_SAMPLE_DAY_VEHICLES = 10_000
POPULATION_MIN = 20_000
POPULATION_MAX = 2_000_000
"""Some 200 MB. With 14,000 cameras it makes 450 reads a second; with fewer cameras, fewer."""


@dataclass(frozen=True, slots=True)
class PlateSense:
    nation: Nation
    gates: Gates
    cameras: Cameras
    habits: Habits
    along: RouteGates

    def passages(self, trips: Trips) -> Passages:
        return passages_of(trips, self.along)

    def reads(self, passages: Passages, *names: str | int) -> Reads:
        """What the cameras make of passages; `names` tell this draw of chance from others."""
        rng = stream(self.nation.seed, "reads", *names)
        return reads_of(passages, self.gates, self.habits, self.nation.vehicles, rng)


def build_sense(nation: Nation, camera_count: int = CAMERA_COUNT) -> PlateSense:
    gates, cameras = place_cameras(nation.towns, nation.roads, nation.routes, nation.seed, camera_count)
    along = gates_of_routes(nation.roads, nation.routes, gates)
    return PlateSense(nation, gates, cameras, draw_habits(nation.seed, len(cameras)), along)


def sized_for(sense: PlateSense, rate: float) -> PlateSense:
    """The same cameras over a population that makes about `rate` live reads a second, as far as a computer can hold it."""
    wanted = round(rate * 86400.0 / max(reads_per_vehicle_day(sense), 0.01))
    return replace(sense, nation=sense.nation.with_population(min(max(wanted, POPULATION_MIN), POPULATION_MAX)))


def reads_per_vehicle_day(sense: PlateSense) -> float:
    """Reads that one vehicle of the population makes on a weekday, on average."""
    nation = sense.nation
    who = nation.population[:_SAMPLE_DAY_VEHICLES]
    monday = 1_700_438_400.0
    trips = nation.departures((monday, monday + 86400.0), 0.0, level=True, who=who)
    seen = sense.reads(sense.passages(trips.chosen(trips.vehicle >= nation.population[0])), "sample")
    return len(seen) / len(who)


def history(sense: PlateSense, count: int, first_s: float, days: int) -> Iterator[Reads]:
    """About `count` reads of the `days` before `first_s`, a day at a time, oldest first.

    Half of them are of the same few vehicles day after day, so that a vehicle's history shows its habits; the others are of vehicles
    drawn anew each day. The stories' vehicles come on top. Every row has a plate.
    """
    nation = sense.nation
    per_day = count / days / max(reads_per_vehicle_day(sense) * 0.9, 0.1)
    familiar = nation.population[: int(per_day / 2)]
    for day in range(days, 0, -1):
        rng = stream(nation.seed, "history", int(first_s), day)
        span = (first_s - day * 86400.0, first_s - (day - 1) * 86400.0)
        rest = nation.population[len(familiar) :]
        others = np.unique(rng.choice(rest, min(int(per_day - len(familiar)), len(rest)))) if len(rest) else rest
        trips = nation.departures(span, first_s, level=False, who=np.concatenate([familiar, others]))
        passages = sense.passages(trips)
        reads = sense.reads(passages.chosen(passages.moment_s < first_s), "history", day)
        yield reads.chosen(reads.vrm != b"")


class LiveReads:
    """The reads of the present, minute by minute. Journeys under way when the window opens are picked up where they are."""

    def __init__(self, sense: PlateSense, first_s: float, from_s: float, share: float = 1.0) -> None:
        """`first_s`: when the nation was first started; `from_s`: from when reads are wanted; `share`: of the population that drives."""
        self._sense = sense
        self._first_s = first_s
        self._until_s = from_s
        population = sense.nation.population
        self._who: Ints = population[: max(1, int(len(population) * share))]
        before = sense.nation.departures((from_s - LONGEST_TRIP_S, from_s), first_s, level=True, who=self._who)
        self._planned: tuple[float, Trips] = (from_s, before.chosen(slice(0, 0)))
        self._ahead = self._after(sense.passages(before), from_s)

    def until(self, moment_s: float) -> Reads:
        """The reads from where the last call ended until `moment_s`, in order of time."""
        trips = self._departing(self._until_s, moment_s)
        fresh = self._sense.passages(trips)
        every = _both(self._ahead, fresh)
        due = every.moment_s < moment_s
        reads = self._sense.reads(every.chosen(due), "live", int(moment_s))
        self._ahead = every.chosen(~due)
        self._until_s = moment_s
        return reads

    def _departing(self, from_s: float, to_s: float) -> Trips:
        """Journeys that set out in a window, from a plan that is made for an hour at a time."""
        planned_to, plan = self._planned
        parts = [plan.chosen((plan.depart_s >= from_s) & (plan.depart_s < to_s))]
        while planned_to < to_s:
            plan = self._sense.nation.departures((planned_to, planned_to + 3600.0), self._first_s, level=True, who=self._who)
            planned_to += 3600.0
            parts.append(plan.chosen((plan.depart_s >= from_s) & (plan.depart_s < to_s)))
        self._planned = (planned_to, plan)
        return together(parts)

    @staticmethod
    def _after(passages: Passages, moment_s: float) -> Passages:
        return passages.chosen(passages.moment_s >= moment_s)


def _both(one: Passages, two: Passages) -> Passages:
    return Passages(*(np.concatenate([getattr(one, name), getattr(two, name)]) for name in Passages.__slots__))
