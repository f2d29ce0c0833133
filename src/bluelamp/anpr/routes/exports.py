"""The door to the files of an export: only for who made it, each download a disclosure on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from bluelamp.anpr.access import EXPORTS_MAKE
from bluelamp.anpr.actions.exports import hand_out
from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.module import Spine

router = APIRouter(prefix="/anpr/exports", tags=["exports"])


@router.get("/{id}/{name}", response_class=Response)
async def download(
    export: Annotated[str, Path(alias="id", max_length=36, pattern=r"^[0-9A-Za-z]+$")],
    name: Annotated[str, Path(max_length=40, pattern=r"^[a-z.]+$")],
    spine: Annotated[Spine, Depends(get_spine)],
    caller: Annotated[Caller, permit(EXPORTS_MAKE)],
) -> Response:
    """A file of your export."""
    content, media_type = await hand_out(spine, caller, export, name)
    headers = {
        "Content-Disposition": f'attachment; filename="{export}-{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=media_type, headers=headers)
