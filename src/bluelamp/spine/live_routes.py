"""`GET /v1/stream`: live events as server-sent events. A client that drops resumes with the last id it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, permit
from bluelamp.spine.identity.access import STREAM_FOLLOW
from bluelamp.spine.live import Cursor, CursorError, LiveHub, Numbered, parse_cursor

router = APIRouter(tags=["live"])

HEARTBEAT_S = 5.0
"""Also how long a client must hear nothing before it knows that the line is dead: it should wait three of these."""


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events until either side closes."}},
)
async def stream(
    request: Request,
    caller: Annotated[Caller, permit(STREAM_FOLLOW)],
    since: Annotated[str, Query(max_length=24, description="Cursor after which to begin; default: now.")] = "",
    last_event_id: Annotated[str, Header(max_length=24)] = "",
) -> StreamingResponse:
    """What happens, as it happens: `hit`, `hit_amended`, `hit_action` and others, each with an id to resume from."""
    hub: LiveHub = request.app.state.per_process["live"]
    try:
        cursor = parse_cursor(last_event_id or since) if last_event_id or since else hub.now
    except CursorError as error:
        raise InvalidError(str(error)) from error
    events = _events(request, caller, hub, cursor)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _events(request: Request, caller: Caller, hub: LiveHub, cursor: Cursor) -> AsyncIterator[bytes]:
    yield f"retry: 1000\nevent: ready\nid: {cursor.sequence}.{cursor.part}\ndata: {{}}\n\n".encode()
    async for numbered in hub.follow(cursor, HEARTBEAT_S):
        # Asked anew each time (from memory): a leaver's stream ends at once, and a change of role counts at once.
        found: Caller | None = await request.app.state.identify(request)
        if found is None or found.id != caller.id or not found.may(STREAM_FOLLOW):
            yield b"event: signed_out\ndata: {}\n\n"
            return
        yield b"".join(_encode(n) for n in numbered if _may_see(found, n)) or b"event: heartbeat\ndata: {}\n\n"


def _may_see(caller: Caller, numbered: Numbered) -> bool:
    event = numbered.event
    return caller.may(event.permission) and (not event.agencies or caller.agency in event.agencies)


def _encode(numbered: Numbered) -> bytes:
    return b"event: %b\nid: %b\ndata: %b\n\n" % (numbered.event.kind.encode(), numbered.cursor.encode(), numbered.event.data)
