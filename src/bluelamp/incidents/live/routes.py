"""`/v1/live` for those who ask in plain HTTP, and `/v1/live/events`: the same stream as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from bluelamp.incidents.live.door import credentials_of
from bluelamp.incidents.live.frames import CURSOR_CHARS_MAX, INCIDENTS_FOLLOWED_MAX, Follow, Frame
from bluelamp.incidents.live.service import LiveService
from bluelamp.incidents.live.viewers import Credentials, Viewer
from bluelamp.spine.errors import BluelampError, EngineDownError, InvalidError
from bluelamp.spine.http import Caller, permit
from bluelamp.spine.identity.access import STREAM_FOLLOW

log = logging.getLogger(__name__)

router = APIRouter(tags=["live"])

BUFFER_BYTES = 64 << 10
IDS_CHARS_MAX = INCIDENTS_FOLLOWED_MAX * 37


class UpgradeNeededError(BluelampError):
    status = 426
    code = "upgrade_required"
    headers = {"Upgrade": "websocket"}  # noqa: RUF012


@router.get(
    "/live",
    response_model=None,
    responses={
        101: {"description": "A WebSocket: JSON messages in both directions, see docs/live.md."},
        200: {"description": "Never: this address opens a WebSocket."},
    },
)
async def live(caller: Annotated[Caller, permit(STREAM_FOLLOW)]) -> None:
    """The live stream of incidents, as a WebSocket: one connection a device. Send `Upgrade: websocket` (RFC 6455).

    The device says `{"type": "follow", "incidents": [id, …], "agency": false, "window": [west, south, east, north] | null,
    "mine": false, "since": cursor | null}`, again whenever it wants other things, `position` with where it is, and `ping`. It is told
    `ready`, `event`, `positions`, `receipt`, `heartbeat` every five seconds, `removed`, `refused`, `untracked` and `signed_out`, and with
    `mine` of its own list: `listed`, `unlisted`, and `mine` when its unit is sent or changed. Every `event` has a cursor
    to resume from: nothing is missed and nothing comes twice.

    A bearer token, or a session cookie from a page of this place.
    """
    del caller
    raise UpgradeNeededError("this address opens a WebSocket: ask with 'Upgrade: websocket', or use GET /v1/live/events")


@router.get(
    "/live/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events until either side closes."}},
)
async def live_events(
    request: Request,
    caller: Annotated[Caller, permit(STREAM_FOLLOW)],
    incidents: Annotated[str, Query(max_length=IDS_CHARS_MAX, description="Ids, comma-separated.")] = "",
    agency: Annotated[bool, Query(description="All that your agency sees.")] = False,
    window: Annotated[str, Query(max_length=100, description="west,south,east,north: positions in this box too.")] = "",
    mine: Annotated[bool, Query(description="Your own list, as it changes.")] = False,
    since: Annotated[str, Query(max_length=CURSOR_CHARS_MAX, description="Cursor after which to begin; default: now.")] = "",
) -> StreamingResponse:
    """The same as `/v1/live` for who cannot open a WebSocket: the same messages, as server-sent events.

    `event:` is the message's type, `id:` its cursor, `data:` the message itself. To follow other things, open another one with the
    last cursor. Own positions go to `POST /v1/positions`.
    """
    wanted = _wanted(incidents, window, since, agency=agency, mine=mine)
    service: LiveService = request.app.state.per_process["incidents-live"]
    service.bind(request.app.state)
    service.seats.check(caller.id)
    stream = _stream(service, caller, credentials_of(request), wanted)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _wanted(incidents: str, window: str, since: str, *, agency: bool, mine: bool) -> Follow:
    try:
        box = [float(edge) for edge in window.split(",")] if window else None
        asked = {
            "incidents": [i for i in incidents.split(",") if i], "agency": agency, "window": box, "mine": mine, "since": since or None,
        }  # fmt: skip
        return msgspec.convert({"type": "follow", **asked}, Follow)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidError(f"this cannot be followed: {error}") from error


class _Lines:
    """A sink of server-sent events: what one turn of the answer takes."""

    def __init__(self) -> None:
        self.paused = False
        self.ended = False
        self._parts: list[bytes] = []
        self._bytes = 0
        self._woken = asyncio.Event()

    def send(self, frame: Frame) -> None:
        if self.ended:
            return
        self._parts.append(frame.sse)
        self._bytes += len(frame.sse)
        self.paused = self._bytes > BUFFER_BYTES
        self._woken.set()

    def close(self, code: int, reason: str) -> None:
        del code, reason
        self.ended = True
        self._woken.set()

    def look(self, now_s: float) -> None:
        """A reader that takes nothing is let go by the connection."""

    async def taken(self) -> bytes:
        """What there is to send; empty at the end."""
        while not self._parts and not self.ended:
            self._woken.clear()
            await self._woken.wait()
        parts, self._parts, self._bytes, self.paused = self._parts, [], 0, False
        return b"".join(parts)


async def _stream(service: LiveService, caller: Caller, credentials: Credentials, wanted: Follow) -> AsyncIterator[bytes]:
    lines = _Lines()
    with service.seats.taken(caller.id):
        viewer: Viewer = service.open(caller, credentials, lines)
        try:
            yield b"retry: 1000\n\n"
            await service.follow(viewer, wanted)
            while told := await lines.taken():
                yield told
                service.hub.catch_up(viewer)
        except EngineDownError as error:
            log.warning("a live stream was ended: %s", error)
        finally:
            service.leave(viewer)
