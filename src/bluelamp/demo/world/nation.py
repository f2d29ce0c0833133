"""The nation as one object: what every sense stands on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from bluelamp.demo.world.chance import Ints
from bluelamp.demo.world.journeys import Trips, day_plan, local_day, together
from bluelamp.demo.world.roads import Roads, build_roads
from bluelamp.demo.world.routes import Routes, build_routes
from bluelamp.demo.world.stories import PLAYERS, story_marks, story_trips, story_vehicles, story_ways
from bluelamp.demo.world.towns import Towns, load_towns
from bluelamp.demo.world.vehicles import Vehicles, joined, populate


@dataclass(frozen=True, slots=True)
class Nation:
    """Built once; everything that moves in it is a function of seed and time."""

    seed: int
    towns: Towns
    roads: Roads
    routes: Routes
    vehicles: Vehicles
    """The players of the stories first, then the population."""

    @property
    def population(self) -> Ints:
        """Indices of the vehicles that belong to no story."""
        return np.arange(len(PLAYERS), len(self.vehicles))

    def with_population(self, count: int) -> Nation:
        """The same nation with another number of vehicles; a larger population begins with the smaller one."""
        stories, routes = story_vehicles(self.towns, self.routes), self.routes
        return replace(self, vehicles=joined([stories, populate(routes, self.seed, count, story_marks())]))

    def departures(self, span: tuple[float, float], first_s: float, *, level: bool, who: Ints | None = None) -> Trips:
        """The journeys of the population (or those of `who`) and of the stories that set out within `span`, in order of time.

        `span` is (from, to) in seconds since 1970; `first_s` is when the nation was first started, from which the stories count.
        """
        who = self.population if who is None else who
        parts = [story_trips(self.vehicles, self.routes, self.seed, first_s, span)]
        day = local_day(span[0])
        while day <= local_day(span[1]):
            parts.append(day_plan(self.vehicles, who, self.routes, self.seed, day, level=level))
            day += timedelta(days=1)
        every = together(parts)
        inside = every.chosen((every.depart_s >= span[0]) & (every.depart_s < span[1]))
        return inside.chosen(np.argsort(inside.depart_s, kind="stable"))


def build_nation(seed: int, population: int) -> Nation:
    """The nation of a seed. Takes a few seconds; the same seed gives the same nation on every machine."""
    towns = load_towns()
    roads = build_roads(towns, seed)
    routes = build_routes(towns, roads, seed, story_ways(towns))
    vehicles = joined([story_vehicles(towns, routes), populate(routes, seed, population, story_marks())])
    return Nation(seed, towns, roads, routes, vehicles)
