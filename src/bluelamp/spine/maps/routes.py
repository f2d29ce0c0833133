"""Doors of the installation's map."""

from __future__ import annotations

from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.identity.access import MAP_VIEW
from bluelamp.spine.maps import folder as maps
from bluelamp.spine.module import Spine

router = APIRouter(prefix="/map", tags=["map"])

KEPT = "private, max-age=86400"
"""A phone that has lost its signal draws from what its browser keeps."""


@router.get("/style", response_model=None, responses={200: {"description": "A MapLibre style"}, 204: {"description": "There is no map"}})
async def map_style(
    spine: Annotated[Spine, Depends(get_spine)], _caller: Annotated[Caller, permit(MAP_VIEW)], *, dark: bool = False
) -> dict[str, Any] | Response:
    """The installation's own MapLibre style, whose relative addresses are files of `/v1/map/files/`; 204 where it has none.

    With `"metadata": {"bluelamp:over": "coast"}` its layers go over the platform's coast and under its towns; otherwise they replace both.
    """
    found = await anyio.to_thread.run_sync(lambda: maps.style(maps.folder_of(spine.settings), dark=dark))
    return found if found is not None else Response(status_code=204)


@router.get("/files/{name:path}", response_class=FileResponse)
async def map_file(
    name: str, request: Request, spine: Annotated[Spine, Depends(get_spine)], _caller: Annotated[Caller, permit(MAP_VIEW)]
) -> FileResponse:
    """A file of the map; parts of it by `Range`. Where the same lies beside it as `.gz`, that is sent to who takes it."""
    path, media_type = await anyio.to_thread.run_sync(maps.file, maps.folder_of(spine.settings), name)
    headers = {"Cache-Control": KEPT, "Vary": "Accept-Encoding"}
    squeezed = path.with_name(path.name + ".gz")
    if "gzip" in request.headers.get("accept-encoding", "") and "range" not in request.headers and squeezed.is_file():
        path, headers["Content-Encoding"] = squeezed, "gzip"
    return FileResponse(path, media_type=media_type, headers=headers)
