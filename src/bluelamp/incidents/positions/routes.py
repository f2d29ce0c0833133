"""Doors of positions: telling, seeing, asking about the past."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from bluelamp.incidents.positions import queries
from bluelamp.incidents.positions.access import POSITIONS_HISTORY, POSITIONS_REPORT, POSITIONS_VIEW
from bluelamp.incidents.positions.errors import BoxError
from bluelamp.incidents.positions.reports import PHONE
from bluelamp.incidents.positions.schemas import (
    AccountShown,
    PositionShown,
    PositionsShown,
    ReportsQuestion,
    TrackQuestion,
    TrackShown,
    WhereaboutsQuestion,
)
from bluelamp.incidents.positions.service import PositionService
from bluelamp.kit.clock import to_ms
from bluelamp.kit.geo import Box, Point
from bluelamp.spine.http import Caller, SpineHere, permit

router = APIRouter(tags=["incidents"], prefix="/incidents")

SERVICE = "positions"


def _service(request: Request) -> PositionService:
    service: PositionService = request.app.state.per_process[SERVICE]
    return service


Service = Annotated[PositionService, Depends(_service)]


@router.post("/positions")
async def report_positions(
    question: ReportsQuestion, service: Service, caller: Annotated[Caller, permit(POSITIONS_REPORT)]
) -> AccountShown:
    """Tell where you are, as the resource that you crew: up to 500 positions with your device's times, in any order, repeats welcome.

    Answered when they are on disk. Off duty you are not tracked: nothing is kept, and `tracked` is false. A clock that is more than
    2 s ahead or a minute behind is found by `sent_at`; the times are put right by `clock_off_ms`.
    """
    reports = [one.report() for one in question.positions]
    account = await service.door.of_person(caller.id, caller.agency, reports, source=PHONE, sent_at=to_ms(question.sent_at))
    return AccountShown.of(account)


@router.get("/positions")
async def read_positions(
    spine: SpineHere,
    service: Service,
    caller: Annotated[Caller, permit(POSITIONS_VIEW)],
    bbox: Annotated[str, Query(max_length=120, description="West, south, east, north in degrees.", examples=["-3,54,-2.5,54.5"])],
) -> PositionsShown:
    """Where the resources in a window of the map are: your agency's, and those on the incidents that you see. Stale ones say so."""
    found = await queries.shown_now(spine, caller, service.book, _box(bbox))
    now = spine.clock()
    return PositionsShown(items=[PositionShown.of(position, now, service.stale_ms) for position in found])


@router.post("/positions/track")
async def read_track(question: TrackQuestion, spine: SpineHere, caller: Annotated[Caller, permit(POSITIONS_HISTORY)]) -> TrackShown:
    """The track of one resource of your agency, for a reason that is put on record."""
    reason = queries.reason_of(spine, question.reason.purpose, question.reason.reference)
    found, complete = await queries.track(spine, caller, question.resource, question.start, question.end, question.every_seconds, reason)
    return TrackShown(items=[PositionShown.of(position) for position in found], complete=complete)


@router.post("/positions/whereabouts")
async def read_whereabouts(
    question: WhereaboutsQuestion, spine: SpineHere, caller: Annotated[Caller, permit(POSITIONS_HISTORY)]
) -> PositionsShown:
    """Where each of these resources of your agency was at a second, for a reason that is put on record. Others are left out."""
    reason = queries.reason_of(spine, question.reason.purpose, question.reason.reference)
    found = await queries.whereabouts(spine, caller, question.resources, question.at, question.back_seconds, reason)
    return PositionsShown(items=[PositionShown.of(position) for position in found])


def _box(text: str) -> Box:
    """Raises `BoxError`."""
    try:
        west, south, east, north = (float(edge) for edge in text.split(","))
    except ValueError:
        raise BoxError("a box is west,south,east,north in degrees, such as -3,54,-2.5,54.5") from None
    if not (Point(south, west).sound and Point(north, east).sound and south <= north):
        raise BoxError("a box is west,south,east,north in degrees, with the south below the north")
    return Box(west, south, east, north)
