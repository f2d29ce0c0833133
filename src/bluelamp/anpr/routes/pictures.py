"""Doors to one picture and to one read with its evidence: only by way of the search or hit that showed them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from bluelamp.anpr.access import PICTURES_VIEW, SEARCHES_RUN
from bluelamp.anpr.queries import pictures
from bluelamp.anpr.schemas.searches import ReadOpened
from bluelamp.spine.http import Caller, SpineHere, permit

router = APIRouter(prefix="/anpr", tags=["searches"])

Ref = Annotated[str, Path(max_length=36, pattern=r"^[0-9A-Za-z]+$")]
Via = Annotated[str, Query(max_length=36, pattern=r"^[0-9A-Za-z]*$")]


@router.get("/reads/{id}")
async def open_read(
    read: Annotated[str, Path(alias="id", max_length=36, pattern=r"^[0-9A-Za-z]+$")],
    spine: SpineHere,
    caller: Annotated[Caller, permit(SEARCHES_RUN)],
    search: Annotated[str, Query(max_length=36, pattern=r"^[0-9A-Za-z]+$")],
) -> ReadOpened:
    """One read that a search showed, with its per-character evidence and the other plates the camera thought possible."""
    return await pictures.open_read(spine, caller, read, search)


@router.get("/pictures/{ref}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
async def open_picture(
    ref: Ref,
    spine: SpineHere,
    caller: Annotated[Caller, permit(PICTURES_VIEW)],
    search: Via = "",
    read: Via = "",
    hit: Via = "",
) -> Response:
    """A picture as the camera sent it. Use the link that a search or a hit shows: it says how you came by it, and that is on record."""
    content = await pictures.open_picture(spine, caller, ref, search, read, hit)
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(content, media_type="image/jpeg", headers=headers)
