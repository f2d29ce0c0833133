"""Stands in front of the test platform: a request that changed or showed something without leaving an audit entry fails its test."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bluelamp.spine import audit

UNAUDITED: dict[str, str] = {
    "POST /v1/incidents/positions": "one's own position, every few seconds: the history of positions is itself the record, and a look at it"
    " leaves an entry",
}
"""Doors that change something and need no entry, each with its reason. May only shrink."""

UNAUDITED_LOOKS: dict[str, str] = {
    "GET /v1/me": "one's own name, roles and permissions",
    "GET /v1/me/tokens": "one's own tokens, without their secrets",
    "GET /v1/me/sessions": "where one is signed in oneself",
    "GET /v1/me/passkeys": "one's own passkeys by name",
    "GET /v1/session/ways": "the names of the configured providers",
    "GET /v1/session/passkey": "a random number to sign, asked by nobody known; signing in leaves an entry, and so does failing to",
    "GET /v1/agencies": "codes and names of public bodies",
    "GET /v1/purposes": "configuration",
    "GET /v1/map/style": "how roads are drawn: the installation's own file, no person, no vehicle",
    "GET /v1/map/files/{name}": "the roads themselves, as anybody may buy them",
    "GET /v1/stream": "tells that a hit is there; following is no answer that ends, and opening a hit leaves an entry",
    "GET /v1/live/events": "each look is on record once the stream knows what is followed, before anything of it is shown: test_door.py",
    "GET /v1/transparency": "the public's report: figures of a day without persons, asked by nobody known; its publication leaves an entry",
    "GET /v1/incidents/kinds": "the shapes of events: documentation",
    "GET /v1/incidents/terms": "configuration: words for types, grades and status codes, and checklists",
    "GET /v1/anpr/sources": "names and formats of systems; no person, no vehicle",
    "GET /v1/anpr/sources/{source_id}": "the same of one system",
    "GET /v1/anpr/cameras": "places and health of cameras; no person, no vehicle",
    "GET /v1/anpr/cameras/map": "the same as points",
    "GET /v1/anpr/cameras/export.csv": "the same as a table",
    "GET /v1/anpr/cameras/{camera_id}": "the same of one camera",
    "GET /v1/anpr/rejects": "which items were refused and why; the item itself is shown by the door of one reject, which leaves an entry",
    "GET /v1/anpr/rejects/tallies": "numbers by source and code",
    "GET /v1/anpr/searches": "the questions one has asked or been handed, each on record already; opening one leaves an entry",
    "GET /v1/anpr/notices": "how much one's own standing searches found, each run on record already",
}
"""Doors that show something and need no entry, since they show nobody's personal data but one's own. May only shrink."""

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
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exempt = UNAUDITED_LOOKS if scope["method"] in {"GET", "HEAD"} else UNAUDITED
        noted: list[str] = []
        token = _entries.set(noted)

        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300 and not noted and scope["path"].startswith("/v1/"):
                path = f"/v1{path}" if (path := scope["route"].path_format) and not path.startswith("/v1") else path
                door = f"{scope['method']} {path}"
                if door not in exempt:
                    raise AssertionError(f"{door} answered and left no audit entry")
            await send(message)

        try:
            await self._app(scope, receive, checked)
        finally:
            _entries.reset(token)
