"""Doors of dispatch: who is soonest there, and what is covered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from bluelamp.incidents.access import RESOURCES_DISPATCH
from bluelamp.incidents.dispatch import queries
from bluelamp.incidents.dispatch.queries import Dispatcher, Reach, Wanted
from bluelamp.incidents.domain.places import Geometry
from bluelamp.incidents.positions.routes import Service
from bluelamp.incidents.positions.schemas import PositionShown
from bluelamp.incidents.resources.schemas import ResourceShown
from bluelamp.kit.geo import Point
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Page, Question

router = APIRouter(tags=["incidents"], prefix="/incidents")

NAME = "dispatch"


def _dispatcher(request: Request) -> Dispatcher:
    found: Dispatcher = request.app.state.per_process[NAME]
    return found


Dispatching = Annotated[Dispatcher, Depends(_dispatcher)]
Controller = Annotated[Caller, permit(RESOURCES_DISPATCH)]


class CandidateShown(BaseModel):
    resource: ResourceShown
    position: PositionShown | None
    seconds: float | None
    metres: float | None
    by: Literal["road", "straight_line", "unknown"]
    """`straight_line`: reckoned, since no routing service answers; `unknown`: nobody knows where it is."""


class CoverageQuestion(Question):
    area: Geometry
    """A polygon."""
    minutes: Annotated[float, Field(gt=0, le=240)]
    cell_m: Annotated[float, Field(ge=100, le=20_000)] = 1000
    type: Annotated[str, Field(max_length=60)] = ""
    skill: Annotated[str, Field(max_length=40)] = ""


class CellShown(BaseModel):
    latitude: float
    longitude: float
    seconds: float | None
    soonest: int | None
    """Which of `resources` that is, by its place there."""


class FreeShown(BaseModel):
    """A resource that could be sent now, and where it is."""

    id: str
    call_sign: str
    type: str
    position: PositionShown


class CoverageShown(BaseModel):
    share: float
    """Of the area, how much is reached in time: 0 to 1."""
    cell_m: float
    cells: list[CellShown]
    resources: list[FreeShown]
    """Who is free, also outside the area."""
    unplaced: list[str]
    """Call signs of those that are free and have told no position: they cover nothing here."""


@router.get("/nearest")
async def list_nearest(
    spine: SpineHere,
    service: Service,
    dispatcher: Dispatching,
    caller: Controller,
    latitude: Annotated[float, Query(ge=-90, le=90)],
    longitude: Annotated[float, Query(ge=-180, le=180)],
    free: Annotated[bool, Query(description="Only those that may be sent now.")] = True,
    type: Annotated[str, Query(max_length=60)] = "",  # noqa: A002 - the field's own word
    skill: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[CandidateShown]:
    """Your agency's resources by how soon they are at a place. Those whose position nobody knows come last."""
    found = await queries.soonest(spine, caller, dispatcher, service.book, Point(latitude, longitude), Wanted(free, type, skill), limit)
    now = spine.clock()
    items = [
        CandidateShown(
            resource=ResourceShown.of(one.resource),
            position=PositionShown.of(one.position, now, service.stale_ms) if one.position else None,
            seconds=one.time.seconds if one.time else None,
            metres=one.time.metres if one.time else None,
            by="unknown" if one.time is None else "road" if one.time.routed else "straight_line",
        )
        for one in found
    ]
    return Page(items=items, next=None)


@router.post("/coverage")
async def read_coverage(
    question: CoverageQuestion, spine: SpineHere, service: Service, dispatcher: Dispatching, caller: Controller
) -> CoverageShown:
    """How much of an area your free resources reach within so many minutes, cell by cell."""
    if question.area.type != "Polygon":
        raise InvalidError("an area is a polygon")
    rings = [[Point(latitude, longitude) for longitude, latitude in ring] for ring in question.area.coordinates]
    wanted = Wanted(free=True, type=question.type, skill=question.skill)
    found = await queries.covered(spine, caller, dispatcher, service.book, Reach(rings, question.minutes, question.cell_m), wanted)
    now = spine.clock()
    return CoverageShown(
        share=found.coverage.share,
        cell_m=found.coverage.cell_m,
        cells=[CellShown(**cell.centre._asdict(), seconds=cell.seconds, soonest=cell.soonest) for cell in found.coverage.cells],
        resources=[
            FreeShown(id=one.id, call_sign=one.call_sign, type=one.type, position=PositionShown.of(position, now, service.stale_ms))
            for one, position in found.placed
        ],
        unplaced=[one.call_sign for one in found.lost],
    )
