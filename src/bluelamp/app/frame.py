"""Around every answer: security headers, metrics, one line of log, and a 500 that tells nothing but its number."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit, urlunsplit

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bluelamp.kit.ids import new_id
from bluelamp.spine import telemetry
from bluelamp.spine.errors import PROBLEM, problem

log = logging.getLogger("bluelamp.http")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Set where the answer has not chosen its own: pages and pictures do."""

HEADER_LINES = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
STRICT_TRANSPORT = "max-age=31536000"


class Frame:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, *, strict_transport: bool = False) -> None:
        self._app = app
        self._headers = HEADERS | ({"Strict-Transport-Security": STRICT_TRANSPORT} if strict_transport else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if status == _SAME_PLACE and "location" in headers:
                    headers["location"] = _within(headers["location"], scope)
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception:
            number = new_id()
            log.exception("request %s failed: %s %s", number, scope["method"], _route(scope))
            if status:
                raise
            await _tell_failure(framed, number)
        finally:
            _observe(scope, status or 499, time.perf_counter() - began)


_SAME_PLACE = 307


def _within(location: str, scope: Scope) -> str:
    """The framework's redirects to the same address with or without its last slash, without the name that the client asked for.

    Otherwise whoever chooses the `Host`, or a path such as `//elsewhere`, chooses where the answer leads.
    """
    asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    parts = urlsplit(location)
    if parts.netloc.lower() != asked.lower():
        return location  # somebody's deliberate answer
    return urlunsplit(("", "", "/" + parts.path.lstrip("/\\"), parts.query, ""))


class DoorFrame:
    """The same around a door before the framework, which sets none of these headers itself: one list joined, one counter looked up."""

    def __init__(self, prefix: str, app: ASGIApp, *, strict_transport: bool = False) -> None:
        self._app = app
        self._route = f"{prefix}*"
        self._lines = HEADER_LINES + (((b"strict-transport-security", STRICT_TRANSPORT.encode()),) if strict_transport else ())
        self._counted: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 499

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._lines]
            await send(message)

        try:
            await self._app(scope, receive, framed)
        finally:
            count, seconds = self._counted.get((scope["method"], status)) or self._labelled(scope["method"], status)
            count.inc()
            seconds.observe(time.perf_counter() - began)

    def _labelled(self, method: str, status: int) -> tuple[Counter, Histogram]:
        known = method if method in METHODS else "other"
        found = (
            telemetry.REQUESTS.labels(method=known, route=self._route, status=str(status)),
            telemetry.REQUEST_SECONDS.labels(method=known, route=self._route),
        )
        if known == method:  # methods that somebody made up must not fill the memory
            self._counted[method, status] = found
        return found


async def _tell_failure(send: Send, number: str) -> None:
    detail = f"this is a fault of the platform; it is noted under {number}"
    body = problem(500, "internal", detail, instance=f"urn:bluelamp:failure:{number}")
    headers = [(b"content-type", PROBLEM.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _route(scope: Scope) -> str:
    """The route's template, never the path itself: paths can hold what must not reach a log or a metric."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    if not template:
        return "(none)"
    # A route knows its path within its module's router, which is included under this prefix.
    return f"/v1{template}" if scope["path"].startswith("/v1/") and not template.startswith("/v1/") else str(template)


def _observe(scope: Scope, status: int, seconds: float) -> None:
    method, route = scope["method"] if scope["method"] in METHODS else "other", _route(scope)
    telemetry.REQUESTS.labels(method=method, route=route, status=str(status)).inc()
    telemetry.REQUEST_SECONDS.labels(method=method, route=route).observe(seconds)
    log.debug("%s %s %d %.1f ms", method, route, status, seconds * 1000)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
