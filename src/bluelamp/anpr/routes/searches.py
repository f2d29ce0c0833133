"""Doors of the searches: made with a reason, re-opened, kept, told together, exported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bluelamp.anpr.access import EXPORTS_MAKE, SEARCHES_DEEP, SEARCHES_KEEP, SEARCHES_RUN
from bluelamp.anpr.actions import exports as export_actions
from bluelamp.anpr.actions.criteria import criteria_of, reason_of
from bluelamp.anpr.actions.searches import change_search
from bluelamp.anpr.queries import journeys, searches
from bluelamp.anpr.queries.shown import narrowed_shown
from bluelamp.anpr.schemas.searches import (
    ExportFile,
    ExportMade,
    ExportQuestion,
    Journey,
    Reason,
    SearchAnswer,
    SearchChange,
    SearchItem,
    SearchOpened,
    SearchQuestion,
    Summary,
)
from bluelamp.anpr.settings import history_settings
from bluelamp.anpr.store.searches import Search
from bluelamp.kit.clock import to_rfc3339
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.errors import ForbiddenError, InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit, stepped_up
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/searches", tags=["searches"])

Looker = Annotated[Caller, permit(SEARCHES_RUN)]
Keeper = Annotated[Caller, permit(SEARCHES_KEEP)]
Cursor = Annotated[str, Query(max_length=200, pattern=r"^[0-9A-Za-z_-]*$")]
Limit = Annotated[int, Query(ge=1, le=5000)]


def _count(wanted: int) -> int:
    return min(wanted, history_settings().search_page_max)


def _item(search: Search, caller: Caller) -> SearchItem:
    return SearchItem(
        id=search.id,
        name=search.name,
        created_at=to_rfc3339(search.made_ms),
        owner={"id": search.owner, "username": search.owner_name, "agency": search.agency},
        mine=search.owner == caller.id,
        saved=search.saved,
        shared=search.shared,
        standing=search.standing,
        reason=Reason(purpose=search.why.purpose, reference=search.why.reference),
        criteria=searches.criteria_shown(search.criteria),
    )


@router.post("")
async def make_search(question: SearchQuestion, spine: SpineHere, caller: Looker) -> SearchAnswer:
    """Search the history. Without a reason there is no search. Answers are ranked by likelihood, then newest first."""
    why = reason_of(spine, question.reason)
    if question.vrms and not caller.may(SEARCHES_DEEP):
        async with spine.db.transaction() as connection:
            await audit.record(connection, caller.actor, "refusal", SEARCHES_DEEP, why=why)
        raise ForbiddenError("your roles do not include searching for many plates at once", permission=SEARCHES_DEEP)
    criteria = criteria_of(question, spine.clock())
    search, page = await searches.make(
        spine, caller, criteria, why, _count(question.limit),
        action=SEARCHES_DEEP if question.vrms else SEARCHES_RUN, open_start=question.start is None,
    )  # fmt: skip
    narrowed = narrowed_shown(page.narrowed)
    return SearchAnswer(id=search, items=page.items, gaps=page.gaps, gaps_more=page.gaps_more, next=page.next, narrowed=narrowed)


@router.get("")
async def list_searches(
    spine: SpineHere, caller: Looker, saved: bool | None = None, cursor: Cursor = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> Page[SearchItem]:
    """Your searches and those shared in your agency, newest first."""
    before = ""
    if cursor:
        try:
            before = str(decode_cursor(cursor, str)[0])
        except ValueError as error:
            raise InvalidError(str(error)) from None
    if "\0" in before:
        raise InvalidError("not a cursor of this list")
    found = await searches.listed(spine, caller, saved, before, limit + 1)
    shown = found[:limit]
    more = encode_cursor(shown[-1].id) if len(found) > limit else None
    return Page(items=[_item(search, caller) for search in shown if searches.may_open(spine, caller, search)], next=more)


@router.get("/{search}")
async def open_search(search: Id, spine: SpineHere, caller: Looker, cursor: Cursor = "", limit: Limit = 100) -> SearchOpened:
    """A search with a page of its answers, looked up anew; `cursor` continues from an earlier page."""
    opened, page = await searches.reopen(spine, caller, search, cursor, _count(limit))
    item = _item(opened, caller)
    narrowed = narrowed_shown(page.narrowed)
    return SearchOpened(**dict(item), items=page.items, gaps=page.gaps, gaps_more=page.gaps_more, next=page.next, narrowed=narrowed)


@router.patch("/{search}")
async def change(search: Id, question: SearchChange, spine: SpineHere, caller: Keeper) -> SearchItem:
    """Name, save, share (within your agency) or keep standing one of your searches."""
    return _item(await change_search(spine, caller, search, question), caller)


@router.get("/{search}/summary")
async def summarise(search: Id, spine: SpineHere, caller: Looker) -> Summary:
    """First and last seen, days, usual hours and weekdays, and cameras."""
    return await journeys.summary(spine, caller, search)


@router.get("/{search}/journey")
async def follow(search: Id, spine: SpineHere, caller: Looker) -> Journey:
    """The newest thousand reads in order of time, with the legs between them; impossible ones are marked: a clone, or a misread."""
    return await journeys.journey(spine, caller, search)


@router.post("/{search}/exports", status_code=201)
async def export(search: Id, question: ExportQuestion, spine: SpineHere, caller: Annotated[Caller, stepped_up(EXPORTS_MAKE)]) -> ExportMade:
    """Export everything the search finds, as one file and a manifest of SHA-256."""
    made = await export_actions.make_export(spine, caller, search, question.format)
    files = [ExportFile(href=f"/v1/anpr/exports/{made.id}/{file['name']}", **file) for file in made.files]
    return ExportMade(id=made.id, count=made.reads, files=files)
