"""Who drives where and when: a pure function of seed and date. Nobody is in two places at once, for everyone drives home again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from bluelamp.demo.world.chance import Bools, Floats, Ints, stream
from bluelamp.demo.world.routes import Routes
from bluelamp.demo.world.traffic import DRIVER_SPREAD, STOP_SHARE, time_of_share
from bluelamp.demo.world.vehicles import Vehicles

LOCAL = ZoneInfo("Europe/London")
_RUSH_ALLOWANCE = 1.7
"""How much longer than free flow a journey may take: what is left between going and coming back."""


@dataclass(frozen=True, slots=True)
class Trips:
    """Journeys, one a row. Times are seconds since 1970 UTC."""

    vehicle: Ints
    route: Ints
    depart_s: Floats
    pace: Floats
    """1 is the usual driver; 1.1 takes a tenth longer."""
    stop_at: Floats
    """Share of the way at which the driver stops for a while; 2 for no stop."""
    stop_s: Floats

    def __len__(self) -> int:
        return len(self.vehicle)

    def chosen(self, which: Bools | Ints | slice) -> Trips:
        return Trips(*(getattr(self, name)[which] for name in Trips.__slots__))


def together(parts: list[Trips]) -> Trips:
    """One table of several."""
    return Trips(*(np.concatenate([getattr(part, name) for part in parts]) for name in Trips.__slots__))


def midnight_s(day: date) -> float:
    """Local midnight at the start of a day, seconds since 1970 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).timestamp()


def local_day(moment_s: float) -> date:
    """The local date at a moment."""
    return datetime.fromtimestamp(moment_s, UTC).astimezone(LOCAL).date()


def day_plan(vehicles: Vehicles, who: Ints, routes: Routes, seed: int, day: date, *, level: bool) -> Trips:
    """The journeys that the vehicles `who` set out on in a local day.

    With `level`, the same journeys are spread evenly over the day, and no fewer at the weekend: a demonstration is as lively at
    night as at noon.
    """
    rng = stream(seed, "day", day.toordinal())
    # Drawn for the whole population, so that a vehicle's day does not depend on who else is looked at.
    chance, detour, jitter_out, jitter_back = (
        rng.random(len(vehicles)),
        rng.random(len(vehicles)),
        *rng.normal(0, 540.0, (2, len(vehicles))),
    )
    weekend = day.weekday() >= 5
    keen = vehicles.keenness[who] * (0.62 if weekend and not level else 1.0)
    who = who[chance[who] < keen]
    freight = vehicles.freight[who]
    elsewhere = ~freight & (detour[who] < (0.75 if weekend else 0.12))
    outward = np.where(elsewhere, vehicles.other[who], vehicles.usual[who])
    # A lorry drives out one day and back the next.
    outward = np.where(freight & (day.toordinal() % 2 == 1), outward ^ 1, outward)
    start = midnight_s(day)
    spread = (lambda share: share * 86400.0) if level else time_of_share
    # The share tells when a vehicle is on the road; it sets out half a journey earlier.
    half = routes.free_flow_s[outward] * 0.6
    leave = start + np.clip(spread(vehicles.out_share[who]) + jitter_out[who] - half, 0.0, 86000.0)
    needed = routes.free_flow_s[outward] * _RUSH_ALLOWANCE + 900.0
    back = np.maximum(start + spread(vehicles.back_share[who]) + jitter_back[who] - half, leave + needed)
    back = np.minimum(back, start + 86000.0)
    returns = ~freight
    route = np.concatenate([outward, (outward ^ 1)[returns]])
    depart = np.concatenate([leave, back[returns]])
    return drives(np.concatenate([who, who[returns]]), route, depart, rng)


def drives(vehicle: Ints, route: Ints, depart_s: Floats, rng: np.random.Generator) -> Trips:
    """Journeys with each driver's pace and stops drawn."""
    count = len(vehicle)
    stops = rng.random(count) < STOP_SHARE
    return Trips(
        vehicle=vehicle,
        route=route,
        depart_s=depart_s,
        pace=rng.lognormal(0.0, DRIVER_SPREAD, count),
        stop_at=np.where(stops, rng.uniform(0.1, 0.9, count), 2.0),
        stop_s=np.where(stops, rng.uniform(120.0, 900.0, count), 0.0),
    )
