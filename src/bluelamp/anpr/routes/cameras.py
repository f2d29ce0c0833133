"""Doors of the camera register."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from bluelamp.anpr.access import CAMERAS_MANAGE, CAMERAS_VIEW
from bluelamp.anpr.actions import cameras as actions
from bluelamp.anpr.errors import NoSuchCameraError
from bluelamp.anpr.queries import cameras as queries
from bluelamp.anpr.routes.sources import after, number_of, reach
from bluelamp.anpr.schemas.cameras import CameraChange, CameraDetail, CameraItem, CameraMap, ImportAnswer, RejectedRow
from bluelamp.anpr.store.cameras import BBox
from bluelamp.kit.paging import encode_cursor
from bluelamp.spine.errors import InvalidError, TooLargeError
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/cameras", tags=["cameras"])

CameraId = Annotated[str, Path(max_length=36)]
IMPORT_BYTES_MAX = 256 << 20
"""A million cameras."""

CSV_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}},
}


def box(text: str | None) -> BBox | None:
    """`west,south,east,north` in degrees.

    Raises:
        InvalidError: not four numbers in order.
    """
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidError("bbox is four numbers: west,south,east,north") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidError("bbox must be west,south,east,north within the world, west before east, south before north")
    return west, south, east, north


@router.get("")
async def list_cameras(
    spine: SpineHere,
    _caller: Annotated[Caller, permit(CAMERAS_VIEW)],
    agency: Annotated[str, Query(max_length=8)] = "",
    status: Annotated[Literal["ok", "quiet", "down", "late", "drifting", "unread", "never", "inactive", "unwell", ""], Query()] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    bbox: Annotated[str | None, Query(max_length=120)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page[CameraItem]:
    """Cameras of every agency, by number. `q` is part of a name, road or external id.

    `unwell` are those that send, and not as they should.
    """
    found = await queries.cameras(
        spine.db, agency=agency, status=status, text=q.replace("\0", ""), bbox=box(bbox), after=after(cursor), count=limit + 1
    )
    more = encode_cursor(found[limit - 1].number) if len(found) > limit else None
    return Page(items=[CameraItem.of(camera) for camera in found[:limit]], next=more)


@router.get("/map", response_model=CameraMap)
async def map_cameras(spine: SpineHere, _caller: Annotated[Caller, permit(CAMERAS_VIEW)]) -> Response:
    """Every active camera, as little of it as a map needs, and how many reads the nation has had today."""
    marks = await queries.marks(spine.db)
    rows = [(str(m.number), round(m.longitude, 6), round(m.latitude, 6), m.status, m.name, m.agency) for m in marks]
    today = await queries.reads_today(spine.db, spine.clock())
    # 14,000 rows: encoded without a model for each.
    return Response(msgspec.json.encode({"cameras": rows, "reads_today": today}), media_type="application/json")


@router.get("/export.csv", response_class=StreamingResponse)
async def export_cameras(spine: SpineHere, _caller: Annotated[Caller, permit(CAMERAS_VIEW)]) -> StreamingResponse:
    """All cameras as a file that an import takes again."""
    headers = {"Content-Disposition": 'attachment; filename="cameras.csv"'}
    return StreamingResponse(queries.export_csv(spine.db), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/import", openapi_extra=CSV_BODY)
async def import_cameras(request: Request, spine: SpineHere, caller: Annotated[Caller, permit(CAMERAS_MANAGE)]) -> ImportAnswer:
    """Register the cameras of a CSV file (external_id,name,agency,source,latitude,longitude,road,bearing; lane if you like)."""
    async with spine.db.transaction() as connection:
        done = await actions.import_cameras(connection, caller.actor, reach(caller), _bounded(request))
    rejected = [RejectedRow(line=row.line, code=row.code, message=row.message) for row in done.rejected]
    return ImportAnswer(imported=done.imported, updated=done.updated, rejected=rejected)


async def _bounded(request: Request) -> AsyncIterator[bytes]:
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > IMPORT_BYTES_MAX:
            raise TooLargeError(f"the file has more than {IMPORT_BYTES_MAX >> 20} MB")
        yield chunk


@router.get("/{camera_id}")
async def show_camera(camera_id: CameraId, spine: SpineHere, _caller: Annotated[Caller, permit(CAMERAS_VIEW)]) -> CameraDetail:
    """One camera with its health, its last two days by hour, and when it was down."""
    return CameraDetail.of_view(await queries.camera(spine.db, number_of(camera_id, NoSuchCameraError), spine.clock()))


@router.patch("/{camera_id}")
async def change_camera(
    camera_id: CameraId, change: CameraChange, spine: SpineHere, caller: Annotated[Caller, permit(CAMERAS_MANAGE)]
) -> CameraDetail:
    """Change what is given; `active: false` takes a camera out of service, and its reads go among the rejects."""
    values: dict[str, Any] = change.model_dump(exclude_unset=True)
    nulls = [name for name, value in values.items() if value is None and name not in ("bearing", "lane")]
    if nulls:
        raise InvalidError(f"{', '.join(nulls)} cannot be null")
    if any(isinstance(value, str) and not value.isprintable() for value in values.values()):
        raise InvalidError("texts must be printable")
    number = number_of(camera_id, NoSuchCameraError)
    async with spine.db.transaction() as connection:
        await actions.change_camera(connection, caller.actor, number, reach(caller), values)
    return CameraDetail.of_view(await queries.camera(spine.db, number, spine.clock()))
