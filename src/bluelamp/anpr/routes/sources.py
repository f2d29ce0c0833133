"""Doors of the sources and their keys."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from bluelamp.anpr.access import REGISTRY_NATIONAL, SOURCES_MANAGE, SOURCES_VIEW
from bluelamp.anpr.actions import sources as actions
from bluelamp.anpr.errors import NoSuchSourceError
from bluelamp.anpr.queries import sources as queries
from bluelamp.anpr.schemas.sources import SourceAdded, SourceChange, SourceItem, SourceQuestion
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import ForbiddenError, InvalidError
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/sources", tags=["sources"])

Limit = Annotated[int, Query(ge=1, le=500)]


def reach(caller: Caller) -> str | None:
    """Whose sources, cameras and rejects the caller administers: an agency's code, or None for everyone's."""
    return None if caller.may(REGISTRY_NATIONAL) else caller.agency


def number_of(text: str, missing: type[Exception]) -> int:
    """The number behind an id; what is not one does not exist."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise missing("there is no such thing")
    return int(text)


def after(cursor: str | None) -> int:
    """The number that a cursor stands for.

    Raises:
        InvalidError: not a cursor of this list.
    """
    if not cursor:
        return 0
    try:
        (number,) = decode_cursor(cursor, int)
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if not 0 <= int(number) < 1 << 31:
        raise InvalidError("not a cursor of this list")
    return int(number)


SourceId = Annotated[str, Path(max_length=36)]


def _number(source_id: str) -> int:
    return number_of(source_id, NoSuchSourceError)


@router.get("")
async def list_sources(
    spine: SpineHere,
    caller: Annotated[Caller, permit(SOURCES_VIEW)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 200,
) -> Page[SourceItem]:
    """The sources of your agency, in the order of their making."""
    found = await queries.sources(spine.db, reach(caller), after(cursor), limit + 1)
    more = encode_cursor(found[limit - 1].source.id) if len(found) > limit else None
    return Page(items=[SourceItem.of(view) for view in found[:limit]], next=more)


@router.post("", status_code=201)
async def add_source(question: SourceQuestion, spine: SpineHere, caller: Annotated[Caller, permit(SOURCES_MANAGE)]) -> SourceAdded:
    """Register a source. The answer holds its key, which is shown this once."""
    agency = question.agency or caller.agency
    if reach(caller) not in (None, agency):
        raise ForbiddenError("you administer the sources of your own agency only")
    limits = question.model_dump(include=set(actions.LIMITS), exclude_none=True)
    async with spine.db.transaction() as connection:
        added = await actions.add_source(
            connection,
            caller.actor,
            name=question.name,
            agency=agency,
            format_name=question.format,
            timezone=question.timezone,
            date_order=question.date_order,
            limits=limits,
        )
    return SourceAdded(id=str(added.source), key_id=added.key_id, key=added.key)


@router.get("/{source_id}")
async def show_source(source_id: SourceId, spine: SpineHere, caller: Annotated[Caller, permit(SOURCES_VIEW)]) -> SourceItem:
    """One source."""
    return SourceItem.of(await queries.source(spine.db, _number(source_id), reach(caller)))


@router.patch("/{source_id}")
async def change_source(
    source_id: SourceId, change: SourceChange, spine: SpineHere, caller: Annotated[Caller, permit(SOURCES_MANAGE)]
) -> SourceItem:
    """Change what is given. It is in force for the next request that the source sends."""
    values: dict[str, Any] = change.model_dump(exclude_unset=True)
    nulls = [name for name, value in values.items() if value is None and name != "date_order"]
    if nulls:
        raise InvalidError(f"{', '.join(nulls)} cannot be null")
    async with spine.db.transaction() as connection:
        await actions.change_source(connection, caller.actor, _number(source_id), reach(caller), values)
    return SourceItem.of(await queries.source(spine.db, _number(source_id), reach(caller)))


@router.post("/{source_id}/keys", status_code=201)
async def issue_key(source_id: SourceId, spine: SpineHere, caller: Annotated[Caller, permit(SOURCES_MANAGE)]) -> SourceAdded:
    """One more key beside the live ones. Give it to the devices, then revoke the old one."""
    async with spine.db.transaction() as connection:
        made = await actions.issue_key(connection, caller.actor, _number(source_id), reach(caller))
    return SourceAdded(id=str(made.source), key_id=made.key_id, key=made.key)


@router.delete("/{source_id}/keys/{key_id}", status_code=204)
async def revoke_key(
    source_id: SourceId,
    key_id: Annotated[str, Path(max_length=36)],
    spine: SpineHere,
    caller: Annotated[Caller, permit(SOURCES_MANAGE)],
) -> Response:
    """Revoke a key at once."""
    async with spine.db.transaction() as connection:
        await actions.revoke_key(connection, caller.actor, _number(source_id), reach(caller), key_id)
    return Response(status_code=204)
