"""Doors of imagery: announce, send piece by piece, look."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE, INCIDENTS_VIEW
from bluelamp.incidents.log.routes import CLOCK_SLACK_MS
from bluelamp.incidents.media import actions, queries
from bluelamp.incidents.media.formats import FORMATS
from bluelamp.incidents.media.schemas import MediaQuestion, MediaShown, UploadShown
from bluelamp.incidents.media.store import Media
from bluelamp.kit.clock import to_ms
from bluelamp.spine import audit
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.module import Spine
from bluelamp.spine.wire import Page

router = APIRouter(tags=["incident media"], prefix="/incidents/{incident}/media")

Viewer = Annotated[Caller, permit(INCIDENTS_VIEW)]
Contributor = Annotated[Caller, permit(INCIDENTS_CONTRIBUTE)]
PIECE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in FORMATS}},
    206: {"content": {kind: {} for kind in FORMATS}, "description": "The range that was asked for"},
}
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    # Whatever the file holds, nothing in it runs.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@router.post("", status_code=201)
async def begin_upload(incident: Id, question: MediaQuestion, response: Response, spine: SpineHere, caller: Contributor) -> UploadShown:
    """Announce a picture, film or document; then send it to its own address with PATCH, piece by piece.

    The same `id` again begins nothing twice and answers how far it is. One that was refused begins anew.
    """
    now = spine.clock()
    ahead = to_ms(question.sent_at) - now if question.sent_at else 0
    taken = to_ms(question.taken_at) - (ahead if abs(ahead) > CLOCK_SLACK_MS else 0) if question.taken_at else None
    wanted = Media(
        question.id, incident, caller.id, caller.name, caller.agency, question.device, question.bytes, question.sha256, taken,
        question.place.model_dump(mode="json", exclude_none=True) if question.place else None, question.caption, tuple(question.audience),
        "receiving", 0, "", now, "", 0, 0, {}, (), "", 0,
    )  # fmt: skip
    upload, begun = await actions.begin_upload(spine, caller, wanted)
    if not begun:
        response.status_code = 200
    return _shown(upload, spine, response)


@router.get("")
async def list_media(
    incident: Id,
    spine: SpineHere,
    caller: Viewer,
    cursor: Annotated[str, Query(max_length=36, pattern=r"^[0-9A-Za-z]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Page[MediaShown]:
    """Pictures, films and documents that your agency sees, with what the device said of them and what the file says."""
    found, hidden = await queries.list_media(spine, caller, incident, cursor, limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return Page(items=[MediaShown.of(one, hidden.get(one.id, "")) for one in found[:limit]], next=more)


@router.get("/{media}/upload")
async def read_upload(incident: Id, media: Id, response: Response, spine: SpineHere, caller: Contributor) -> UploadShown:
    """How far your upload is: go on from `offset`."""
    upload = await actions.upload_of(spine, caller, incident, media)
    detail = {"upload": "offset", "media": media}
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_CONTRIBUTE, subjects=(incident,), detail=detail)
    await audit.conclude(spine.db, intent, "answered", 1)
    return _shown(upload, spine, response)


@router.patch("/{media}", openapi_extra=PIECE)
async def send_piece(
    incident: Id,
    media: Id,
    request: Request,
    response: Response,
    spine: SpineHere,
    caller: Contributor,
    upload_offset: Annotated[int | None, Header(ge=0, le=1 << 40, description="Where the piece begins.")] = None,
) -> UploadShown:
    """Send a piece of your upload. The answer, also to one that was sent before, says how much is held: go on from there.

    With the last piece the whole is compared with what was announced, its format is found from its content, and the incident's
    log tells of it. What is none of the kept formats is refused then, with the reason.
    """
    upload = await actions.take_piece(spine, caller, incident, media, upload_offset, request.stream())
    return _shown(upload, spine, response)


@router.get("/{media}", response_class=Response, responses=CONTENT)
async def open_media(
    incident: Id,
    media: Id,
    spine: SpineHere,
    caller: Viewer,
    download: Annotated[bool, Query(description="Save it instead of showing it.")] = False,
    range: Annotated[str, Header(max_length=200)] = "",  # noqa: A002 - the header's name
) -> Response:
    """The original, untouched. One range is served, for films. Every look is on record."""
    found = await queries.open_original(spine, caller, incident, media, range)
    kind = FORMATS[found.media.content_type]
    how = "attachment" if download or kind.kind == "document" else "inline"
    headers = SAFE | {
        "Content-Disposition": f'{how}; filename="{media}.{kind.suffix}"',
        "Content-Length": str(found.length),
        "Accept-Ranges": "bytes",
        "ETag": f'"{found.media.sha256}"',
    }
    if found.range is not None:
        start, length = found.range
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{found.media.bytes}"
    return StreamingResponse(found.parts, 206 if found.range else 200, media_type=kind.content_type, headers=headers)


@router.get("/{media}/thumbnail", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
async def open_thumbnail(incident: Id, media: Id, spine: SpineHere, caller: Viewer, size: Literal["320", "1280"] = "320") -> Response:
    """A small upright copy of a picture, without what the file says of itself."""
    content = await queries.open_thumbnail(spine, caller, incident, media, int(size))
    headers = SAFE | {"Content-Disposition": f'inline; filename="{media}-{size}.jpg"'}
    return Response(content, media_type="image/jpeg", headers=headers)


def _shown(upload: Media, spine: Spine, response: Response) -> UploadShown:
    response.headers["Upload-Offset"] = str(upload.held)
    return UploadShown.of(upload, actions.piece_bytes_max(spine))
