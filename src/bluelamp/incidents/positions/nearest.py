"""How long resources take to a place: by a routing service where one is configured, by the straight line otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from bluelamp.kit.geo import Point, distance_m


class TravelTime(NamedTuple):
    """From one place to the goal."""

    seconds: float | None
    """None: there is no way."""
    metres: float | None
    """Along the road; by the straight line, times the road factor."""
    routed: bool
    """True: a routing service found the way. False: reckoned from the straight line, so take it as a hint."""


class Speeds(NamedTuple):
    """What the straight line is reckoned with."""

    road_factor: float
    kmh: float


class Routing(Protocol):
    """A service that knows the roads."""

    async def times_to(self, starts: Sequence[Point], goal: Point) -> list[tuple[float | None, float | None]] | None:
        """Seconds and metres from each start, None for no way; None altogether where the service does not answer in time."""
        ...


def straight(start: Point, goal: Point, speeds: Speeds) -> TravelTime:
    """Reckoned: the straight line, as much longer as roads are, at one speed."""
    metres = distance_m(start, goal) * speeds.road_factor
    return TravelTime(metres / (speeds.kmh / 3.6), metres, routed=False)


async def travel_times(starts: Sequence[Point], goal: Point, speeds: Speeds, routing: Routing | None = None) -> list[TravelTime]:
    """One for each start, in the same order; the straight line where the service does not answer, or for a start off the roads."""
    answers = await routing.times_to(starts, goal) if routing is not None and starts else None
    if answers is None or len(answers) != len(starts):
        return [straight(start, goal, speeds) for start in starts]
    return [
        TravelTime(seconds, metres, routed=True) if seconds is not None else straight(start, goal, speeds)
        for start, (seconds, metres) in zip(starts, answers, strict=True)
    ]


async def nearest(
    starts: Sequence[Point], goal: Point, speeds: Speeds, routing: Routing | None = None, *, count: int = 20, asked_max: int = 100
) -> list[tuple[int, TravelTime]]:
    """The `count` starts that are soonest there, by their index, the soonest first.

    Only the `asked_max` nearest by the straight line are asked of the routing service: a nation's resources in one question would
    take longer than the answer is worth.
    """
    order = sorted(range(len(starts)), key=lambda at: distance_m(starts[at], goal))[: max(count, asked_max)]
    times = await travel_times([starts[at] for at in order], goal, speeds, routing)
    ranked = sorted(zip(order, times, strict=True), key=lambda pair: pair[1].seconds if pair[1].seconds is not None else float("inf"))
    return ranked[:count]
