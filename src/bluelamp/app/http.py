"""The HTTP application: every module's doors under /v1, one way to tell errors, and the frame around all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from bluelamp.app import health, openapi, static
from bluelamp.app.body_limit import BodyLimit
from bluelamp.app.frame import HEADER_LINES, DoorFrame, Frame
from bluelamp.app.hosts import is_trusted, misdirected, trusted
from bluelamp.app.wiring import MODULES, open_spine, prepare
from bluelamp.kit.clock import now_ms
from bluelamp.kit.mistakes import in_words, where_and_what
from bluelamp.spine import telemetry
from bluelamp.spine.budgets import Budget
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import PROBLEM, BluelampError, problem, render
from bluelamp.spine.http import Public
from bluelamp.spine.identity.identify import Identifier
from bluelamp.spine.live import LiveHub
from bluelamp.spine.module import Module, Spine

ERRORS_MAX = 20
"""Mistakes in one request that are told; a body of a million wrong members is not repeated back."""

CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}

OpenEngines = Callable[[], AbstractAsyncContextManager[Spine]]


class Platform(FastAPI):
    """The application. Paths that a module claims as its own doors never enter the framework."""

    def __init__(
        self, settings: PlatformSettings, open_engines: OpenEngines, modules: tuple[Module, ...], *, role: str, **options: Any
    ) -> None:
        super().__init__(lifespan=_living, **options)
        self.modules = modules
        self.role = role
        self.strict_transport = settings.secure_cookies
        self.open_engines = open_engines
        self.state.per_process = {}
        self.state.settings = settings
        self.state.budget = Budget(now_ms)
        self._hosts = trusted(settings.hosts)
        self._doors = tuple(
            (prefix, DoorFrame(prefix, self._door(name), strict_transport=self.strict_transport))
            for module in modules
            for prefix, name in module.doors.items()
        )

        self._sockets = {path: name for module in modules for path, name in module.sockets.items()} if role == "api" else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and self._hosts and not is_trusted(scope, self._hosts):
            await misdirected(send)
            return
        if scope["type"] == "websocket" and (name := self._sockets.get(scope["path"])) is not None:
            await self._open_socket(name, scope, receive, send)
            return
        if scope["type"] == "http":
            for prefix, door in self._doors:
                if scope["path"].startswith(prefix):
                    await door(scope, receive, send)
                    return
        await super().__call__(scope, receive, send)

    async def _open_socket(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        status = 101
        try:
            await self.state.per_process[name](dict(scope) | {"app": self}, receive, send)
        except BluelampError as error:
            status, headers, body = render(error)
            lines = [(header.lower().encode(), value.encode()) for header, value in headers.items()]
            lines += [(b"content-length", str(len(body)).encode()), *HEADER_LINES]
            await send({"type": "http.response.start", "status": status, "headers": lines})
            await send({"type": "http.response.body", "body": body})
        finally:
            telemetry.REQUESTS.labels(method="GET", route=scope["path"], status=str(status)).inc()

    def _door(self, name: str) -> ASGIApp:
        """The module's object of that name, which is made when the process starts."""

        async def through(scope: Scope, receive: Receive, send: Send) -> None:
            await self.state.per_process[name](scope, receive, send)

        return through

    def openapi(self) -> dict[str, Any]:
        """The document, completed by what the framework cannot know."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.complete(super().openapi(), self.modules, set(self._public_doors()))
        return self.openapi_schema

    def _public_doors(self) -> Iterator[tuple[str, str]]:
        for route in iter_route_contexts(self.routes):
            if route.dependant and any(isinstance(below.call, Public) for below in route.dependant.dependencies):
                yield from ((str(route.path), method.lower()) for method in route.methods or ())


@asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    """Starts what the process keeps before the first request, and closes it after the last."""
    assert isinstance(app, Platform)  # noqa: S101 - tells the type checker
    async with AsyncExitStack() as stack:
        spine = app.state.spine = await stack.enter_async_context(app.open_engines())
        app.state.identify = Identifier(spine)
        app.state.identify.start()
        for module in app.modules:
            for name, make in module.per_process.items():
                if app.role == "gateway" and name not in module.doors.values():
                    continue
                kept = make(spine)
                if hasattr(kept, "start"):
                    await kept.start()
                if hasattr(kept, "close"):
                    stack.push_async_callback(kept.close)
                app.state.per_process[name] = kept
        for source in (module.live for module in app.modules if module.live is not None):
            hub = LiveHub(spine.bus, source)
            await hub.start()
            stack.push_async_callback(hub.close)
            app.state.per_process["live"] = hub
        yield


def _answer(error: BluelampError) -> Response:
    status, headers, body = render(error)
    return Response(body, status, headers)


async def _named(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BluelampError)  # noqa: S101
    return _answer(error)


async def _unreadable(_request: Request, error: Exception) -> Response:
    """A request that is not of the documented shape. What was sent is not repeated back: it may be a password or a plate."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    wrong = [
        {"at": ".".join(str(step) for step in mistake["loc"]), "message": in_words(mistake), "code": str(mistake["type"])}
        for mistake in error.errors()[:ERRORS_MAX]
    ]
    detail = "; ".join(where_and_what(mistake) for mistake in error.errors()[:3]) or "the request is not of the documented shape"
    return Response(problem(422, "invalid", detail, errors=wrong), 422, {"Content-Type": PROBLEM})


async def _plain(request: Request, error: Exception) -> Response:
    """Failures of routing: no such address, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 404 and (page := static.lost(request)) is not None:
        return page
    code = CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
    details = {404: "there is nothing at this address", 405: "this address does not answer that method"}
    detail = details.get(error.status_code, str(error.detail))
    return Response(problem(error.status_code, code, detail), error.status_code, {"Content-Type": PROBLEM, **dict(error.headers or {})})


async def _unstorable(_request: Request, _error: Exception) -> Response:
    """A value that no column can hold: NUL or half a surrogate pair in a text, a number beyond 64 bits."""
    return Response(problem(422, "invalid", "a value holds characters or a number that cannot be stored"), 422, {"Content-Type": PROBLEM})


HANDLERS: dict[int | type[Exception], Callable[[Request, Exception], Any]] = {
    BluelampError: _named,
    RequestValidationError: _unreadable,
    HTTPException: _plain,
    asyncpg.DataError: _unstorable,
    UnicodeEncodeError: _unstorable,
}


def _assemble(settings: PlatformSettings, open_engines: OpenEngines, modules: tuple[Module, ...], role: str) -> Platform:
    app = Platform(
        settings,
        open_engines,
        modules,
        role=role,
        title="Bluelamp",
        version=version("bluelamp"),
        description="What any one force knows reaches the officer who needs it, now, and every look is accounted for.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers=HANDLERS,
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=True,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},
    )
    if role == "api":
        for module in modules:
            for router in module.routers:
                app.include_router(router, prefix="/v1")
        app.include_router(static.make_router())
    app.include_router(health.router)
    app.add_middleware(BodyLimit, bytes_max=settings.body_bytes_max, import_bytes_max=settings.import_bytes_max)
    app.add_middleware(Frame, strict_transport=app.strict_transport)
    return app


def make_app(spine: Spine, modules: tuple[Module, ...] = MODULES) -> Platform:
    """The application over engines that are open already."""
    return _assemble(spine.settings, lambda: nullcontext(spine), modules, "api")


def create_app(settings: PlatformSettings, role: str = "api", modules: tuple[Module, ...] = MODULES) -> Platform:
    """The application that opens its engines when it starts, and makes them ready for this version.

    `role` is `api` (people and programs, and the doors for machines) or `gateway` (only the doors for machines).
    """

    @asynccontextmanager
    async def engines() -> AsyncIterator[Spine]:
        async with open_spine(settings, modules) as spine:
            await prepare(spine, modules)
            yield spine

    return _assemble(settings, engines, modules, role)
