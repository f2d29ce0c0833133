"""The frame of every address behind mutual TLS: whose device asks, whether they may, within which bounds; refusals are on record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.gateways.cot.gateway import Identity
from bluelamp.incidents.gateways.cot.marti.serving import SERIAL
from bluelamp.incidents.gateways.cot.trust.errors import DeviceRefusedError, ForgedUidError
from bluelamp.incidents.gateways.cot.trust.keeper import CertificateKeeper
from bluelamp.spine import audit
from bluelamp.spine.budgets import Budget
from bluelamp.spine.errors import BluelampError, ForbiddenError, InvalidError, TooLargeError, problem, render
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

JSON_BYTES_MAX = 256 << 10
SECONDS_MAX = 30.0
REFUSED = frozenset({401, 403, 404})
DOOR = "incidents.tak_devices.request"


class Asked(NamedTuple):
    """A request of a device, by whoever carries it."""

    request: Request
    identity: Identity
    caller: Caller

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def path(self) -> dict[str, Any]:
        return self.request.path_params


Shape = TypeVar("Shape")
Handler = Callable[[Asked], Awaitable[Response]]


class Frame:
    """One per process: what all doors share."""

    def __init__(self, spine: Spine, keeper: CertificateKeeper) -> None:
        self.spine = spine
        self.keeper = keeper
        self._budget = Budget(spine.clock)

    async def ask(self, request: Request) -> Asked:
        """Who asks.

        Raises:
            DeviceRefusedError: a device that is not known, revoked, or of somebody who may not any more.
            TooManyError: the person's requests of this minute are spent.
        """
        serial = str(request.scope.get("state", {}).get(SERIAL, ""))
        address = request.client.host if request.client else ""
        self._budget.check(serial, self.spine.settings.caller_requests_per_minute_max, "this device has made the requests of this minute")
        self._budget.spend(serial)
        identity = await self.keeper.known(serial, address, DOOR)
        if identity is None or identity.caller is None:
            raise DeviceRefusedError("this device may not come in: enrol it again in Bluelamp")
        return Asked(request, identity, identity.caller)

    async def refused(self, asked: Asked, permission: str, error: BluelampError) -> None:
        request = asked.request
        async with self.spine.db.transaction() as connection:
            detail = {"path": request.url.path[:200], "method": request.method, "code": error.code, "tak_device": asked.identity.device}
            await audit.record(connection, asked.caller.actor, "refusal", permission, detail=detail)

    def own(self, asked: Asked, uid: str) -> None:
        """Refuse who speaks for a uid that is another's; an empty one is nobody's.

        Raises:
            ForgedUidError: left in the audit.
        """
        if uid and not self.keeper.speaks_for(asked.identity, uid):
            raise ForgedUidError("this uid belongs to another device")


class Door:
    """An address and method: an ASGI application."""

    def __init__(self, frame: Frame, handler: Handler, permission: str, seconds_max: float) -> None:
        self._frame = frame
        self._handler = handler
        self.permission = permission
        self._seconds_max = seconds_max

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        began = False

        async def noting(message: Any) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds_max):
                response = await self._answer(Request(scope, receive))
                await response(scope, receive, noting)
        except ClientDisconnect:
            return
        except TimeoutError:
            if began:  # half an answer: the server ends the connection, so that nobody takes it for a whole one
                raise
            told = problem(408, "too_slow", f"a request has {self._seconds_max:.0f} seconds")
            await Response(told, 408, media_type="application/problem+json")(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        asked = None
        try:
            asked = await self._frame.ask(request)
            if not asked.caller.may(self.permission):
                raise ForbiddenError(f"your roles do not include {self.permission}", permission=self.permission)
            return await self._handler(asked)
        except BluelampError as error:
            if asked is not None and error.status in REFUSED:
                await self._frame.refused(asked, self.permission, error)
            status, headers, body = render(error)
            return Response(body, status, headers)


class Doors:
    """Gathers addresses; each names its permission."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.routes: list[Route] = []

    def add(self, methods: str, path: str, handler: Handler, permission: str = INCIDENTS_VIEW, seconds_max: float = SECONDS_MAX) -> None:
        self.routes.append(Route(path, Door(self._frame, handler, permission, seconds_max), methods=methods.split()))


class Mounted(Protocol):
    """Something with addresses."""

    def mount(self, doors: Doors) -> None: ...


def application(frame: Frame, *parts: Mounted) -> Starlette:
    """All addresses behind mutual TLS."""
    doors = Doors(frame)
    for part in parts:
        part.mount(doors)
    return Starlette(routes=doors.routes)


async def body(request: Request, most: int) -> bytes:
    """Raises `TooLargeError` as soon as more has come."""
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > most:
            raise TooLargeError(f"at most {most} bytes are taken here", bytes_max=most)
    return bytes(taken)


async def json_of(request: Request, shape: type[Shape]) -> Shape:
    """Raises `InvalidError`, `TooLargeError`."""
    try:
        return msgspec.json.decode(await body(request, JSON_BYTES_MAX), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"the body is not what this address takes: {str(error)[:200]}") from None


def json(told: object, status: int = 200) -> Response:
    # Clients compare the type without a character set.
    return Response(msgspec.json.encode(told), status, {"Content-Type": "application/json", "Cache-Control": "no-store"})


def number(query: QueryParams, name: str, otherwise: int, most: int) -> int:
    """A number of the address, between 0 and `most`; what is none is as if it were not there."""
    text = query.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 16 else otherwise
