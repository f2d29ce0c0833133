"""Journeys become passages: which vehicle passes which gate, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bluelamp.demo.anpr.cameras import Gates
from bluelamp.demo.world.chance import Bools, Floats, Ints
from bluelamp.demo.world.journeys import LOCAL, Trips
from bluelamp.demo.world.roads import Roads
from bluelamp.demo.world.routes import Routes
from bluelamp.demo.world.traffic import excess


@dataclass(frozen=True, slots=True)
class RouteGates:
    """The gates along every route, in the order passed: `gate[first[r]:first[r + 1]]`, with the seconds from the start of the route."""

    first: Ints
    gate: Ints
    free_flow_s: Floats
    strain_s: Floats
    """Free-flow seconds weighted by how strongly rush hour slows them (`Roads.strain`)."""


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages of gates, one a row."""

    trip: Ints
    """Row of the journeys they were made from."""
    vehicle: Ints
    gate: Ints
    moment_s: Floats
    """True time, seconds since 1970 UTC."""

    def __len__(self) -> int:
        return len(self.gate)

    def chosen(self, which: Bools | Ints) -> Passages:
        return Passages(*(getattr(self, name)[which] for name in Passages.__slots__))


def gates_of_routes(roads: Roads, routes: Routes, gates: Gates) -> RouteGates:
    """Looks up, once, the gates of every step of every route."""
    bounds = np.searchsorted(gates.direction, np.arange(2 * len(roads) + 1))
    count = np.diff(bounds)[routes.step]
    step_row = np.repeat(np.arange(len(routes.step)), count)
    within = np.arange(len(step_row)) - np.repeat(np.cumsum(count) - count, count)
    gate = bounds[routes.step[step_row]] + within
    stretch = routes.step[step_row] // 2
    covered = gates.share[gate] * roads.free_flow_s[stretch]
    before = np.concatenate([[0], np.cumsum(count)])
    return RouteGates(
        first=before[routes.first],
        gate=gate,
        free_flow_s=routes.free_flow_before_s[step_row] + covered,
        strain_s=routes.strain_before_s[step_row] + covered * roads.strain[stretch],
    )


def passages_of(trips: Trips, along: RouteGates) -> Passages:
    """Every passage of every journey, journey by journey. The same journeys pass at the same times whenever they are asked for."""
    count = np.diff(along.first)[trips.route]
    trip = np.repeat(np.arange(len(trips)), count)
    slot = np.arange(len(trip)) + np.repeat(along.first[trips.route] - (np.cumsum(count) - count), count)
    free_flow = along.free_flow_s[slot]
    offset = _utc_offset_s(float(trips.depart_s[0])) if len(trips) else 0.0
    depart = trips.depart_s[trip]
    spent = trips.pace[trip] * (free_flow + along.strain_s[slot] * excess(depart + offset + free_flow * 0.5))
    on_the_way = spent > trips.stop_at[trip] * (free_flow[np.cumsum(count) - 1][trip] if len(trip) else 0.0)
    moment = depart + spent + np.where(on_the_way, trips.stop_s[trip], 0.0)
    return Passages(trip, trips.vehicle[trip], along.gate[slot], moment)


def _utc_offset_s(moment_s: float) -> float:
    """Summer time or not; journeys are generated a day or less at a time, so one answer serves them all."""
    offset = datetime.fromtimestamp(moment_s, UTC).astimezone(LOCAL).utcoffset()
    return offset.total_seconds() if offset else 0.0
