"""Doors of the hits: see them, take them, say what came of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bluelamp.anpr.access import HITS_DECIDE, HITS_RELEASE_ANY, HITS_VIEW
from bluelamp.anpr.actions import hits as actions
from bluelamp.anpr.actions.hits import Person
from bluelamp.anpr.queries import hits as queries
from bluelamp.anpr.queries.hits import HitView
from bluelamp.anpr.schemas.hits import DispositionQuestion, HitItem, Stage, hit_item
from bluelamp.kit.clock import from_rfc3339
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/hits", tags=["hits"])

Limit = Annotated[int, Query(ge=1, le=500)]
Viewer = Annotated[Caller, permit(HITS_VIEW)]
Decider = Annotated[Caller, permit(HITS_DECIDE)]

_POSITION_MAX = 1 << 63


@router.get("")
async def show_hits(
    spine: SpineHere,
    caller: Viewer,
    since: Annotated[
        str | None,
        Query(max_length=200, description="A time (RFC 3339) or the `next` of such an answer: hits new or amended since, oldest first."),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="The `next` of an answer without `since`.")] = None,
    state: Annotated[Stage | None, Query(description="Only hits that are open, taken or closed.")] = None,
    limit: Limit = 100,
) -> Page[HitItem]:
    """Hits at your agency's cameras and on its lists: the newest first, or with `since` whatever came after.

    With `since`, `next` is always given where there was something, so that it can be asked again later.
    """
    if since is not None:
        position, found_since = _since(since)
        views, reached = await queries.since(spine, caller.actor, position, found_since, limit)
        kept = [view for view in views if state is None or view.stage == state]
        more = encode_cursor(reached) if reached else None
        return Page(items=[_item(caller, view) for view in kept], next=more)
    page = await queries.newest(spine, caller.actor, _before(cursor), limit, state or "")
    more = encode_cursor(*page.following) if page.following else None
    return Page(items=[_item(caller, view) for view in page.views], next=more)


@router.get("/{hit_id}")
async def show_hit(hit_id: Id, spine: SpineHere, caller: Viewer) -> HitItem:
    """One hit."""
    return _item(caller, await queries.hit(spine, caller.actor, hit_id))


@router.post("/{hit_id}/take")
async def take_hit(hit_id: Id, spine: SpineHere, caller: Decider) -> HitItem:
    """Say that you deal with it; others see who. 409 where somebody else does."""
    view = await queries.own_hit(spine, caller.actor, hit_id)
    async with spine.db.transaction() as connection:
        await actions.take(connection, _person(caller), view.hit, spine.clock())
    return _item(caller, await queries.hit(spine, caller.actor, hit_id))


@router.post("/{hit_id}/release")
async def release_hit(hit_id: Id, spine: SpineHere, caller: Decider) -> HitItem:
    """Let go of it; a supervisor may release anybody's."""
    view = await queries.own_hit(spine, caller.actor, hit_id)
    async with spine.db.transaction() as connection:
        anyones = caller.may(HITS_RELEASE_ANY)
        await actions.release(connection, _person(caller), view.hit, spine.clock(), anyones=anyones)
    return _item(caller, await queries.hit(spine, caller.actor, hit_id))


@router.post("/{hit_id}/disposition")
async def decide_hit(hit_id: Id, question: DispositionQuestion, spine: SpineHere, caller: Decider) -> HitItem:
    """Say what came of it: correct, misread, clone suspected, or no longer of interest."""
    view = await queries.own_hit(spine, caller.actor, hit_id)
    if "\0" in question.note:
        raise InvalidError("note holds a control character")
    async with spine.db.transaction() as connection:
        await actions.decide(connection, _person(caller), view.hit, question.outcome, question.note, spine.clock())
    return _item(caller, await queries.hit(spine, caller.actor, hit_id))


def _item(caller: Caller, view: HitView) -> HitItem:
    return hit_item(view.hit, caller.agency, view.state)


def _person(caller: Caller) -> Person:
    return Person(caller.actor, caller.name)


def _since(text: str) -> tuple[int, int]:
    """Position and time (milliseconds) after which hits are asked for."""
    try:
        position = int(decode_cursor(text, int)[0])
    except ValueError:
        try:
            return 0, max(from_rfc3339(text.replace(" ", "+")), 0)
        except (ValueError, OverflowError):
            raise InvalidError("since is a time such as 2026-03-02T10:17:00Z or the `next` of an answer") from None
    if not 0 <= position < _POSITION_MAX:
        raise InvalidError("not a cursor of this list")
    return position, 0


def _before(cursor: str | None) -> tuple[int, str]:
    if not cursor:
        return queries.NEWEST
    try:
        captured, hit_id = decode_cursor(cursor, int, str)
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if not 0 <= int(captured) <= queries.NEWEST[0]:
        raise InvalidError("not a cursor of this list")
    return int(captured), str(hit_id)
