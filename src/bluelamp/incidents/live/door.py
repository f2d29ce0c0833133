"""`/v1/live` as a WebSocket: who may open one, and what a device may say on it. No task, no queue: see `app/socket.py`."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from bluelamp.incidents.live import frames
from bluelamp.incidents.live.frames import Follow, Frame, OwnPosition, Ping
from bluelamp.incidents.live.viewers import Credentials, Viewer
from bluelamp.spine.errors import BluelampError, EngineDownError, ForbiddenError
from bluelamp.spine.http import Permit
from bluelamp.spine.identity.access import STREAM_FOLLOW
from bluelamp.spine.identity.identify import COOKIE
from bluelamp.spine.sockets import EXTENSION, GOING_AWAY, POLICY, TRY_AGAIN, UNREADABLE, Opening, Socket

if TYPE_CHECKING:
    from bluelamp.incidents.live.service import LiveService

log = logging.getLogger(__name__)

PING_AFTER_S = 30.0
SILENT_S_MAX = 75.0
"""A device from which nothing came for so long, not even a pong, has gone."""
MESSAGES_MAX = 60
MESSAGES_S = 10.0
"""How much a device may say in how long. A phone says a position in 10 seconds."""

_permit = Permit(STREAM_FOLLOW)


class ForeignPageError(ForbiddenError):
    """A browser sends our cookie with whatever any page opens; the page's own address tells them apart."""

    code = "foreign_origin"


def credentials_of(request: Request) -> Credentials:
    """What `Identifier` went by."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(secret.strip(), "token")
    return Credentials(request.cookies.get(COOKIE, ""), "browser")


def check_origin(request: Request, credentials: Credentials) -> None:
    """A page's WebSocket comes with the page's address, which must be this place; a program's need not come with any.

    Raises:
        ForeignPageError: it is of elsewhere, or a cookie comes without one.
    """
    origin = request.headers.get("origin")
    if origin is None:
        if credentials.kind == "browser" and credentials.secret:
            raise ForeignPageError("a WebSocket with a session cookie must say its Origin; programs use a bearer token")
        return
    if urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise ForeignPageError("pages of other places may not open this")


async def open_socket(service: LiveService, scope: Scope) -> None:
    """Raises `BluelampError`, which the application tells."""
    request = Request({**scope, "type": "http", "method": "GET"})
    credentials = credentials_of(request)
    check_origin(request, credentials)
    service.bind(scope["app"].state)
    async with service.turns:
        caller = await _permit(request)
    service.seats.check(caller.id)
    opening: Opening = scope["extensions"][EXTENSION]
    socket = opening.accept()
    if socket is None:
        return
    device = Device(service, socket)
    device.viewer = service.open(caller, credentials, device)
    service.seats.take(caller.id)
    opening.listen(device)


class Device:
    """The other end of a WebSocket: where frames go (`Sink`), and what is heard (`Listener`)."""

    __slots__ = ("_following", "_heard", "_next", "_service", "_since", "_socket", "viewer")

    viewer: Viewer
    """Set before anything is heard."""

    def __init__(self, service: LiveService, socket: Socket) -> None:
        self._service = service
        self._socket = socket
        self._following: asyncio.Task[None] | None = None
        self._next: Follow | None = None
        self._heard = 0
        self._since = 0.0

    # Sink

    @property
    def paused(self) -> bool:
        return self._socket.paused

    def send(self, frame: Frame) -> None:
        self._socket.send(frame.wire)

    def close(self, code: int, reason: str) -> None:
        self._socket.close(code, reason)
        self._service.leave(self.viewer)

    def look(self, now_s: float) -> None:
        silent_s = now_s - self._socket.heard_at
        if silent_s > SILENT_S_MAX:
            self.close(GOING_AWAY, "nothing was heard of you")
        elif silent_s > PING_AFTER_S:
            self._socket.ping()

    # Listener

    def heard(self, message: bytes) -> None:
        if self.viewer.lost:
            return
        if self._is_too_much():
            self.close(POLICY, f"more than {MESSAGES_MAX} messages in {MESSAGES_S:.0f} seconds")
            return
        try:
            said = frames.said.decode(message)
        except msgspec.ValidationError as error:
            self.send(frames.refused("invalid", str(error)))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.close(UNREADABLE, "this is not JSON")
        else:
            self._take(said)

    def _take(self, said: Follow | Ping | OwnPosition) -> None:
        if isinstance(said, OwnPosition):
            self._service.own_position(self.viewer, said)
        elif isinstance(said, Ping):
            self.send(frames.pong(self._service.spine.clock()))
        else:
            self._next = said
            if self._following is None:
                self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        """One at a time; of those that wait the last."""
        try:
            while (wanted := self._next) is not None and not self.viewer.lost:
                self._next = None
                await self._service.follow(self.viewer, wanted)
        except EngineDownError as error:
            log.warning("a live stream was ended: %s", error)
            self.close(TRY_AGAIN, "nobody can say who may see what: come back with the cursor")
        except BluelampError as error:
            self.send(frames.refused(error.code, error.message))
        except Exception:
            log.exception("a live stream was ended")
            self.close(TRY_AGAIN, "it failed here: come back with the cursor")
        finally:
            self._following = None

    def _is_too_much(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._since > MESSAGES_S:
            self._since, self._heard = now_s, 0
        self._heard += 1
        return self._heard > MESSAGES_MAX

    def drained(self) -> None:
        self._service.hub.catch_up(self.viewer)

    def lost(self) -> None:
        self._service.leave(self.viewer)
        self._service.seats.leave(self.viewer.caller.id)
