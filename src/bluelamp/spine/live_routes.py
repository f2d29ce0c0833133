"""`GET /v1/stream`: live events as server-sent events. A client that drops resumes with the last id it has."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from bluelamp.spine.errors import EngineDownError, InvalidError
from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.identity.access import STREAM_FOLLOW
from bluelamp.spine.identity.identify import Identifier
from bluelamp.spine.live import Cursor, CursorError, LiveHub, Numbered, Viewer, parse_cursor
from bluelamp.spine.seats import Seats
from bluelamp.spine.sharing import SharingBook

log = logging.getLogger(__name__)

router = APIRouter(tags=["live"])

AFTER_END_S = 0.05
HEARTBEAT_S = 5.0
"""Also how long a client must hear nothing before it knows that the line is dead: it should wait three of these."""
HEARTBEAT = b"event: heartbeat\ndata: {}\n\n"


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
    """What happens, as it happens: `hit`, `hit_amended`, `hit_action` and others, each with an id to resume from.

    `reads`, about once a second while reads come in, says how many and at which cameras: it has no id and is never repeated.
    """
    hub: LiveHub = request.app.state.per_process["live"]
    try:
        cursor = parse_cursor(last_event_id or since) if last_event_id or since else hub.now
    except CursorError as error:
        raise InvalidError(str(error)) from error
    if not hasattr(request.app.state, "seats"):
        request.app.state.seats = Seats()
    seats: Seats = request.app.state.seats
    seats.check(caller.id)
    events = _seated(seats, caller, _events(request, caller, hub, cursor))
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _seated(seats: Seats, caller: Caller, events: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """The seat is taken when the stream begins and left when it ends, whichever way: a client that never reads takes none.

    Where an engine is away nobody can say who may see what, so the stream ends, and properly: the client comes back with its cursor.
    """
    with seats.taken(caller.id):
        async with aclosing(events):
            try:
                async for piece in events:
                    yield piece
            except EngineDownError as error:
                log.warning("a live stream was ended: %s", error)


async def _events(request: Request, caller: Caller, hub: LiveHub, cursor: Cursor) -> AsyncGenerator[bytes, None]:
    identify: Identifier = request.app.state.identify
    book: SharingBook = request.app.state.per_process["sharing"]
    viewer = Viewer()
    alarm: asyncio.TimerHandle | None = None
    # Watched first and asked after: whatever changes from here on is heard of.
    with identify.watch(caller.id, viewer.nudge):
        yield f"retry: 1000\nevent: ready\nid: {cursor.sequence}.{cursor.part}\ndata: {{}}\n\n".encode()
        said_at = time.monotonic()
        viewer.nudge()
        try:
            async with aclosing(hub.follow(cursor, HEARTBEAT_S, viewer)) as following:
                async for numbered in following:
                    # Asked anew each time (from memory): a leaver's stream ends at once, and a change of role counts at once.
                    found = await identify(request)
                    if found is None or found.locked or found.id != caller.id or not found.may(STREAM_FOLLOW):
                        yield b"event: signed_out\ndata: {}\n\n"
                        return
                    if alarm is not None:
                        alarm.cancel()
                    alarm = _at_end(request, found, viewer)
                    shown = b"".join(_encode(n) for n in numbered if _may_see(found, n, book))
                    if numbered and numbered[0].passing:
                        # The heartbeat keeps its own time beside what is only passing, as if that were not there.
                        due = time.monotonic() - said_at >= HEARTBEAT_S
                        shown += HEARTBEAT if due else b""
                    else:
                        due = True
                        shown = shown or HEARTBEAT
                    said_at = time.monotonic() if due else said_at
                    if shown:
                        yield shown
        finally:
            if alarm is not None:
                alarm.cancel()


def _at_end(request: Request, caller: Caller, viewer: Viewer) -> asyncio.TimerHandle:
    """Ask again when the caller's session or post ends by its date; a moment later, since two clocks are involved."""
    left_s = (caller.until_ms - get_spine(request).clock()) / 1000
    return asyncio.get_running_loop().call_later(max(left_s, 0) + AFTER_END_S, viewer.nudge)


def _may_see(caller: Caller, numbered: Numbered, book: SharingBook) -> bool:
    event = numbered.event
    if not caller.may(event.permission):
        return False
    if not event.agencies or caller.agency in event.agencies:
        return True
    return event.shared is not None and book.grants(caller.agency, *event.shared)


def _encode(numbered: Numbered) -> bytes:
    if numbered.passing:
        return b"event: %b\ndata: %b\n\n" % (numbered.event.kind.encode(), numbered.event.data)
    return b"event: %b\nid: %b\ndata: %b\n\n" % (numbered.event.kind.encode(), numbered.cursor.encode(), numbered.event.data)
