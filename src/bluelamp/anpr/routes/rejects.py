"""Doors of the rejects: what a source sent that could not become a read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from bluelamp.anpr.access import REJECTS_REPLAY, REJECTS_VIEW
from bluelamp.anpr.actions import rejects as actions
from bluelamp.anpr.errors import NoSuchRejectError, NoSuchSourceError
from bluelamp.anpr.queries import rejects as queries
from bluelamp.anpr.queries import sources
from bluelamp.anpr.routes.sources import number_of, reach
from bluelamp.anpr.schemas.rejects import RejectDetail, RejectItem, RejectTallies, RejectTally, ReplayAnswer, ReplayQuestion
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import EngineDownError, InvalidError
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/rejects", tags=["rejects"])

EVERYTHING = 1 << 62


def _before(cursor: str | None) -> int:
    if not cursor:
        return EVERYTHING
    try:
        (number,) = decode_cursor(cursor, int)
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if not 0 <= int(number) <= EVERYTHING:
        raise InvalidError("not a cursor of this list")
    return int(number)


def _reject_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NoSuchRejectError("there is no such reject in your agency")
    return int(text)


@router.get("")
async def list_rejects(
    spine: SpineHere,
    caller: Annotated[Caller, permit(REJECTS_VIEW)],
    source: Annotated[str, Query(max_length=36)] = "",
    code: Annotated[str, Query(max_length=60, pattern="^[a-z_]*$")] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[RejectItem]:
    """What the sources of your agency sent that could not become a read, newest first."""
    number = number_of(source, NoSuchSourceError) if source else None
    found = await queries.rejects(spine.db, reach(caller), number, code, _before(cursor), limit + 1)
    more = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[RejectItem.of(reject) for reject in found[:limit]], next=more)


@router.get("/tallies")
async def tally_rejects(spine: SpineHere, caller: Annotated[Caller, permit(REJECTS_VIEW)]) -> RejectTallies:
    """How many rejects are kept, by source and code."""
    rows = await queries.tallies(spine.db, reach(caller))
    return RejectTallies(items=[RejectTally(source=str(source), code=code, count=count) for source, code, count in rows])


@router.get("/{reject_id}")
async def show_reject(
    reject_id: Annotated[str, Path(max_length=36)], spine: SpineHere, caller: Annotated[Caller, permit(REJECTS_VIEW)]
) -> RejectDetail:
    """One reject, with the item as the camera sent it and what its format makes of it today. The look is recorded."""
    return RejectDetail.of_view(await queries.reject(spine, caller.actor, _reject_number(reject_id), reach(caller)))


@router.post("/replay")
async def replay(
    question: ReplayQuestion, request: Request, spine: SpineHere, caller: Annotated[Caller, permit(REJECTS_REPLAY)]
) -> ReplayAnswer:
    """Send rejects through the intake again, after the camera was registered, the date order set, or whatever was wrong mended."""
    number = number_of(question.source, NoSuchSourceError)
    view = await sources.source(spine.db, number, reach(caller))
    if not view.source.active:
        raise InvalidError("the source is not active: activate it, then replay")
    ids = None if question.ids is None else [_reject_number(text) for text in question.ids]
    intake = request.app.state.per_process.get("intake")
    if intake is None:
        raise EngineDownError("the intake does not run in this process")
    done = await actions.replay(spine, caller.actor, intake.replay, number, ids, question.code)
    return ReplayAnswer(replayed=done.replayed, accepted=done.accepted, still_rejected=done.still_rejected, more=done.more)
