"""Stands in front of the test platform: a request that changed something without leaving an audit entry fails its test."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bluelamp.spine import audit

UNAUDITED: dict[str, str] = {
    "POST /v1/anpr/notices/{id}/seen": "a person's own mark that a notice was read; it looks at and changes nobody's data",
}
"""Doors that change something and need no entry, each with its reason. May only shrink."""

_entries: ContextVar[list[str] | None] = ContextVar("entries", default=None)
_record = audit.record


async def witnessed(*values: Any, **named: Any) -> str:
    entry = await _record(*values, **named)
    noted = _entries.get()
    if noted is not None:
        noted.append(entry)
    return entry


class Witness:
    """Middleware for tests. `audit.record` is watched from the first one on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        audit.record = witnessed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        noted: list[str] = []
        token = _entries.set(noted)

        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300 and not noted:
                path = f"/v1{path}" if (path := scope["route"].path_format) and not path.startswith("/v1") else path
                door = f"{scope['method']} {path}"
                if door not in UNAUDITED:
                    raise AssertionError(f"{door} changed something and left no audit entry")
            await send(message)

        try:
            await self._app(scope, receive, checked)
        finally:
            _entries.reset(token)
