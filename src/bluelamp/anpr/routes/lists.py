"""Doors of the VOI lists and their entries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from bluelamp.anpr.access import LISTS_MANAGE, LISTS_VIEW
from bluelamp.anpr.actions import list_imports
from bluelamp.anpr.actions import lists as actions
from bluelamp.anpr.errors import NoSuchEntryError
from bluelamp.anpr.matching.hits import parse_entry_id
from bluelamp.anpr.queries import lists as queries
from bluelamp.anpr.schemas.lists import (
    EntryChange,
    EntryItem,
    EntryQuestion,
    ListChange,
    ListImportAnswer,
    ListItem,
    ListQuestion,
    ReviewItem,
)
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError, TooLargeError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr", tags=["lists"])

EntryId = Annotated[str, Path(max_length=36)]
Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=500)]
Viewer = Annotated[Caller, permit(LISTS_VIEW)]
Keeper = Annotated[Caller, permit(LISTS_MANAGE)]

CSV_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}},
}


def _number(entry_id: str) -> int:
    try:
        return parse_entry_id(entry_id)
    except ValueError:
        raise NoSuchEntryError("your agency has no such entry") from None


def _after(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        (number,) = decode_cursor(cursor, int)
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if not 0 <= int(number) < 1 << 32:
        raise InvalidError("not a cursor of this list")
    return int(number)


@router.get("/lists")
async def show_lists(spine: SpineHere, caller: Viewer, cursor: Cursor = None, limit: Limit = 200) -> Page[ListItem]:
    """The lists of your agency."""
    try:
        after = str(decode_cursor(cursor, str)[0]) if cursor else queries.FIRST_LIST
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if "\0" in after:
        raise InvalidError("not a cursor of this list")
    found = await queries.lists(spine, caller.actor, after, limit + 1)
    more = encode_cursor(found[limit - 1]["id"]) if len(found) > limit else None
    return Page(items=[ListItem.of(row) for row in found[:limit]], next=more)


@router.post("/lists", status_code=201)
async def add_list(question: ListQuestion, spine: SpineHere, caller: Keeper) -> ListItem:
    """Add a list of your agency."""
    async with spine.db.transaction() as connection:
        list_id = await actions.add_list(connection, caller.actor, question.name, question.description)
    return ListItem.of(await queries.one_list(spine, caller.actor, list_id))


@router.get("/lists/{list_id}")
async def show_list(list_id: Id, spine: SpineHere, caller: Viewer) -> ListItem:
    """One list."""
    return ListItem.of(await queries.look_at_list(spine, caller.actor, list_id))


@router.patch("/lists/{list_id}")
async def change_list(list_id: Id, change: ListChange, spine: SpineHere, caller: Keeper) -> ListItem:
    """Rename or describe a list."""
    async with spine.db.transaction() as connection:
        await actions.change_list(connection, caller.actor, list_id, change.name, change.description)
    return ListItem.of(await queries.one_list(spine, caller.actor, list_id))


@router.delete("/lists/{list_id}", status_code=204)
async def remove_list(list_id: Id, spine: SpineHere, caller: Keeper) -> Response:
    """Remove a list with all its entries; they match nothing within a second."""
    async with spine.db.transaction() as connection:
        await actions.remove_list(connection, caller.actor, list_id)
    return Response(status_code=204)


@router.post("/lists/{list_id}/import", openapi_extra=CSV_BODY)
async def import_entries(list_id: Id, request: Request, spine: SpineHere, caller: Keeper) -> ListImportAnswer:
    """Add or update entries from CSV (vrm,reason,priority,starts,expires,marker,instruction); bad rows are told by line."""
    content = _bounded(request, spine.settings.import_bytes_max)
    done = await list_imports.import_entries(spine.db, caller.actor, list_id, content)
    return ListImportAnswer.model_validate(done, from_attributes=True)


@router.get("/lists/{list_id}/entries")
async def show_entries(
    list_id: Id,
    spine: SpineHere,
    caller: Viewer,
    vrm: Annotated[str, Query(max_length=12, pattern="^[A-Z0-9]*$", description="Marks that begin with this.")] = "",
    cursor: Cursor = None,
    limit: Limit = 200,
) -> Page[EntryItem]:
    """The entries of a list."""
    found = await queries.entries(spine, caller.actor, list_id, vrm, _after(cursor), limit + 1)
    more = encode_cursor(found[limit - 1]["number"]) if len(found) > limit else None
    return Page(items=[EntryItem.of(row) for row in found[:limit]], next=more)


@router.post("/lists/{list_id}/entries", status_code=201)
async def add_entry(list_id: Id, question: EntryQuestion, spine: SpineHere, caller: Keeper) -> EntryItem:
    """Put a mark on a list; it is matched within a second."""
    async with spine.db.transaction() as connection:
        number = await actions.add_entry(connection, caller.actor, list_id, question.vrm, question.fields())
    return EntryItem.of(await queries.entry(spine, caller.actor, number))


@router.get("/entries/review")
async def show_review(spine: SpineHere, caller: Viewer, cursor: Cursor = None, limit: Limit = 200) -> Page[ReviewItem]:
    """Entries of your agency that expire soon, or that nobody has looked at for long."""
    found = await queries.review(spine, caller.actor, _after(cursor), limit + 1)
    more = encode_cursor(found[limit - 1].entry["number"]) if len(found) > limit else None
    items = [ReviewItem.of_review(row.entry, expiring=row.expiring, stale=row.stale) for row in found[:limit]]
    return Page(items=items, next=more)


@router.get("/entries/{entry_id}")
async def show_entry(entry_id: EntryId, spine: SpineHere, caller: Viewer) -> EntryItem:
    """One entry."""
    return EntryItem.of(await queries.entry(spine, caller.actor, _number(entry_id)))


@router.patch("/entries/{entry_id}")
async def change_entry(entry_id: EntryId, change: EntryChange, spine: SpineHere, caller: Keeper) -> EntryItem:
    """Change what is given, or say that the entry was reviewed; in force within a second."""
    fields = change.fields()
    async with spine.db.transaction() as connection:
        if fields:
            await actions.change_entry(connection, caller.actor, _number(entry_id), fields)
        elif change.reviewed:
            await actions.review_entry(connection, caller.actor, _number(entry_id))
    return EntryItem.of(await queries.entry(spine, caller.actor, _number(entry_id)))


@router.delete("/entries/{entry_id}", status_code=204)
async def remove_entry(entry_id: EntryId, spine: SpineHere, caller: Keeper) -> Response:
    """Take an entry off its list; it matches nothing within a second."""
    async with spine.db.transaction() as connection:
        await actions.remove_entry(connection, caller.actor, _number(entry_id))
    return Response(status_code=204)


async def _bounded(request: Request, bytes_max: int) -> AsyncIterator[bytes]:
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > bytes_max:
            raise TooLargeError(f"the file has more than {bytes_max} bytes")
        yield chunk
