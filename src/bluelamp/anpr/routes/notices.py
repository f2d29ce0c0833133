"""Doors of the notices: what standing searches found since one last looked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from bluelamp.anpr.access import SEARCHES_RUN
from bluelamp.anpr.errors import NoSuchSearchError
from bluelamp.anpr.schemas.searches import NoticeShown
from bluelamp.anpr.store import searches as store
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/notices", tags=["searches"])

Looker = Annotated[Caller, permit(SEARCHES_RUN)]


@router.get("")
async def list_notices(
    spine: SpineHere,
    caller: Looker,
    unseen: bool = False,
    cursor: Annotated[str, Query(max_length=200, pattern=r"^[0-9A-Za-z_-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[NoticeShown]:
    """What your standing searches found, newest first."""
    before = ""
    if cursor:
        try:
            before = str(decode_cursor(cursor, str)[0])
        except ValueError as error:
            raise InvalidError(str(error)) from None
    if "\0" in before:
        raise InvalidError("not a cursor of this list")
    rows = await store.notices(spine.db, caller.id, before, limit + 1, unseen=unseen)
    items = [
        NoticeShown(
            id=row["id"],
            search={"id": row["search"], "name": row["name"]},
            at=row["at"],
            count=row["count"],
            newest_read=row["newest_read"],
            vrm=row["vrm"],
            seen_at=row["seen_at"],
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=encode_cursor(items[-1].id) if len(rows) > limit else None)


@router.post("/{id}/seen", status_code=204)
async def see(notice: Annotated[str, Path(alias="id", max_length=36, pattern=r"^[0-9A-Za-z]+$")], spine: SpineHere, caller: Looker) -> None:
    """You have seen this one."""
    async with spine.db.transaction() as connection:
        if not await store.see_notice(connection, notice, caller.id, datetime.fromtimestamp(spine.clock() / 1000, UTC)):
            raise NoSuchSearchError("there is no such notice")
        await audit.record(connection, caller.actor, "alteration", "anpr.notices.see", detail={"notice": notice})
