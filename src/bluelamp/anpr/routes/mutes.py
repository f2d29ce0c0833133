"""Doors of the mutes and handovers of a control room."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from bluelamp.anpr.access import HANDOVERS_WRITE, HITS_VIEW, MUTES_MANAGE
from bluelamp.anpr.actions import handovers as handover_actions
from bluelamp.anpr.actions import mutes as actions
from bluelamp.anpr.matching.hits import parse_entry_id
from bluelamp.anpr.queries import handovers as queries
from bluelamp.anpr.queries import mutes as mute_queries
from bluelamp.anpr.schemas.hits import HandoverItem, HandoverQuestion, HandoverSummary, MuteItem, MuteQuestion
from bluelamp.anpr.store import mutes as store
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr", tags=["control room"])


@router.get("/mutes")
async def show_mutes(spine: SpineHere, caller: Annotated[Caller, permit(HITS_VIEW)]) -> Page[MuteItem]:
    """What your agency has muted for now."""
    return Page(items=[MuteItem.of(row) for row in await mute_queries.mutes(spine, caller.actor)], next=None)


@router.post("/mutes", status_code=201)
async def add_mute(question: MuteQuestion, spine: SpineHere, caller: Annotated[Caller, permit(MUTES_MANAGE)]) -> MuteItem:
    """Mute a noisy camera or entry for your agency; its hits are listed, not alerted."""
    try:
        entry = None if question.entry is None else parse_entry_id(question.entry)
    except ValueError:
        raise InvalidError("there is no such entry") from None
    if question.camera is not None and "\0" in question.camera:
        raise InvalidError("there is no such camera")
    async with spine.db.transaction() as connection:
        made = await actions.mute(
            connection, caller.actor, caller.name, question.camera, entry, question.minutes, question.reason, spine.clock()
        )
    rows = await store.mutes_of(spine.db, caller.agency)
    return next(MuteItem.of(row) for row in rows if row["id"] == made)


@router.delete("/mutes/{mute_id}", status_code=204)
async def remove_mute(
    mute_id: Id,
    spine: SpineHere,
    caller: Annotated[Caller, permit(MUTES_MANAGE)],
) -> Response:
    """End a mute."""
    async with spine.db.transaction() as connection:
        await actions.unmute(connection, caller.actor, mute_id)
    return Response(status_code=204)


@router.get("/handovers")
async def show_handovers(
    spine: SpineHere,
    caller: Annotated[Caller, permit(HITS_VIEW)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[HandoverItem]:
    """Your agency's handovers, the latest first."""
    try:
        before = str(decode_cursor(cursor, str)[0]) if cursor else ""
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if "\0" in before:
        raise InvalidError("not a cursor of this list")
    rows = await queries.handovers(spine, caller.actor, before, limit + 1)
    more = encode_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page(items=[HandoverItem.of(row) for row in rows[:limit]], next=more)


@router.get("/handovers/summary")
async def show_summary(spine: SpineHere, caller: Annotated[Caller, permit(HITS_VIEW)]) -> HandoverSummary:
    """What is open now: what a handover would say."""
    return HandoverSummary.model_validate(await queries.summary(spine, caller.actor))


@router.post("/handovers", status_code=201)
async def hand_over(question: HandoverQuestion, spine: SpineHere, caller: Annotated[Caller, permit(HANDOVERS_WRITE)]) -> HandoverItem:
    """Hand over at the end of a shift: your note and what is still open are kept for the next."""
    summary = await queries.summary(spine, caller.actor)
    async with spine.db.transaction() as connection:
        row = await handover_actions.hand_over(connection, caller.actor, caller.name, question.note, summary)
    return HandoverItem.of(row)
