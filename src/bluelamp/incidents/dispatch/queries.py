"""Who is soonest there, and how much of an area who is free can reach: of the agency's own resources, where they are now."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from bluelamp.incidents.access import RESOURCES_DISPATCH
from bluelamp.incidents.dispatch.errors import AreaTooFineForOnceError
from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.coverage import AreaTooFineError, Coverage, coverage
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.nearest import Speeds, TravelTime, nearest
from bluelamp.incidents.positions.routing import OsrmRouting
from bluelamp.incidents.positions.settings import position_settings
from bluelamp.incidents.resources import store
from bluelamp.incidents.resources.store import Resource
from bluelamp.incidents.terms.defaults import FREE
from bluelamp.kit.geo import Point
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

RESOURCES_MAX = 5_000


class Wanted(NamedTuple):
    """Which resources would do. Empty: any."""

    free: bool
    type: str
    skill: str

    def fits(self, resource: Resource) -> bool:
        return (
            (not self.free or (resource.status in FREE and not resource.incident))
            and (not self.type or resource.type == self.type)
            and (not self.skill or self.skill in resource.skills)
        )


class Reach(NamedTuple):
    """What is to be covered, how soon, and how finely it is looked at."""

    rings: list[list[Point]]
    minutes: float
    cell_m: float


class Candidate(NamedTuple):
    """A resource that could be sent. One whose position is not known comes last, with neither time nor position."""

    resource: Resource
    position: Position | None
    time: TravelTime | None


class Dispatcher:
    """What the API process keeps for it: the way to a routing service, if one is configured."""

    def __init__(self, _spine: Spine) -> None:
        settings = position_settings()
        self.speeds = Speeds(settings.road_factor, settings.road_kmh)
        self.routing = OsrmRouting.of(settings)

    async def close(self) -> None:
        if self.routing is not None:
            await self.routing.close()


Placed = list[tuple[Resource, Position]]


class Covered(NamedTuple):
    """How an area is covered, by whom, and who would do but has told no position."""

    coverage: Coverage
    placed: Placed
    lost: list[Resource]


async def _candidates(spine: Spine, caller: Caller, book: PositionBook, wanted: Wanted) -> tuple[Placed, list[Resource]]:
    """Those that would do: with a position, and without."""
    # Who dispatches works in the control room, so covert resources of the agency are among them.
    found = [one for one in await store.of_agency(spine.db, caller.agency, covert=True, limit=RESOURCES_MAX) if wanted.fits(one)]
    placed = [(one, position) for one in found if (position := book.latest(one.id)) is not None]
    somewhere = {one.id for one, _ in placed}
    return placed, [one for one in found if one.id not in somewhere]


async def soonest(
    spine: Spine, caller: Caller, dispatcher: Dispatcher, book: PositionBook, goal: Point, wanted: Wanted, count: int
) -> list[Candidate]:
    """The resources that are soonest at a place, the soonest first; those without a position after them."""
    detail = {"at": [round(goal.latitude, 4), round(goal.longitude, 4)]}
    intent = await audit.intend(spine.db, caller.actor, RESOURCES_DISPATCH, detail=detail)
    placed, lost = await _candidates(spine, caller, book, wanted)
    starts = [Point(position.latitude, position.longitude) for _, position in placed]
    ranked = await nearest(starts, goal, dispatcher.speeds, dispatcher.routing, count=count)
    answer = [Candidate(*placed[at], time) for at, time in ranked]
    answer += [Candidate(one, None, None) for one in lost[: max(0, count - len(answer))]]
    await audit.conclude(spine.db, intent, "answered", len(answer))
    return answer


async def covered(spine: Spine, caller: Caller, dispatcher: Dispatcher, book: PositionBook, reach: Reach, wanted: Wanted) -> Covered:
    """How much of an area those resources reach in time, by the straight line.

    Raises:
        AreaTooFineForOnceError: too many cells.
    """
    intent = await audit.intend(spine.db, caller.actor, RESOURCES_DISPATCH, detail={"coverage_minutes": reach.minutes})
    placed, lost = await _candidates(spine, caller, book, wanted)
    starts = [Point(position.latitude, position.longitude) for _, position in placed]
    try:
        answer = await asyncio.to_thread(coverage, reach.rings, starts, reach.minutes * 60, dispatcher.speeds, reach.cell_m)
    except AreaTooFineError as error:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise AreaTooFineForOnceError(str(error)) from error
    await audit.conclude(spine.db, intent, "answered", len(starts))
    return Covered(answer, placed, lost)
