"""`POST /v1/incidents/handovers/{format}`: where other control rooms knock, with a key instead of a session.

In front of the framework, as every door for machines: a body is read only for a partner that is known, and only up to its limit.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bluelamp.incidents.gateways.message import BODY_BYTES_MAX, NotThisFormatError
from bluelamp.incidents.gateways.registry import FORMATS, INCOMING
from bluelamp.incidents.handovers import incoming, partner_store
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.spine.budgets import Budget
from bluelamp.spine.errors import (
    BluelampError,
    EngineDownError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
    UnsupportedMediaError,
    render,
)
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
PREFIX = "/v1/incidents/handovers/"
BODY_SECONDS_MAX = 30
MESSAGES_PER_MINUTE_MAX = 600
KNOCKS_PER_MINUTE_MAX = 1200
"""From one network address, with whatever key."""


class _MethodError(BluelampError):
    status = 405
    code = "method_not_allowed"
    headers = {"Allow": "POST"}  # noqa: RUF012


class _UnknownFormatError(NotFoundError):
    code = "unknown_format"


class _SlowError(BluelampError):
    status = 408
    code = "too_slow"


class _UnexpectedError(BluelampError):
    status = 500
    code = "internal"


class HandoverDoor:
    """The ASGI application behind the address."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self._budget = Budget(spine.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope, receive)
        except BluelampError as error:
            status, headers, body = render(error)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a hand-over failed on its way in")  # without the body: it holds people
            status, headers, body = render(_UnexpectedError("the platform failed on this message; it is logged: send it again"))
        lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        lines.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, str], bytes]:
        if scope["method"] != "POST":
            raise _MethodError("hand-overs are sent by POST")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        address = (scope.get("client") or ("",))[0]
        if self._budget.spend(("address", address)) > KNOCKS_PER_MINUTE_MAX:
            raise self._budget.refusal(f"{KNOCKS_PER_MINUTE_MAX} messages came from your network address in this minute; go on after it")
        partner = await self._identify(headers)
        name = scope["path"][len(PREFIX) :]
        if name not in INCOMING:
            raise _UnknownFormatError(f"there is no hand-over format {name[:40]!r} to send in; there are: {', '.join(INCOMING)}")
        if name != partner.format:
            raise NotThisFormatError(f"this key belongs to a partner by {partner.format}: send to {PREFIX}{partner.format}")
        most = MESSAGES_PER_MINUTE_MAX
        self._budget.check(partner.id, most, f"{partner.name} has sent its {most} messages of this minute; send the rest after it")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnsupportedMediaError("send the body without content-encoding")
        body = await _read(headers, receive)
        self._budget.spend(partner.id)
        reply = await incoming.receive(self._spine, partner, body)
        return reply.status, {"Content-Type": FORMATS[name].content_type}, reply.body

    async def _identify(self, headers: dict[bytes, bytes]) -> Partner:
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        key = key.strip()
        partner = None
        if scheme.lower() == b"bearer" and 20 <= len(key) <= 200:
            partner = await partner_store.by_key(self._spine.db, hashlib.sha256(key).digest())
        if partner is None:
            raise UnauthenticatedError("send the partner's key as 'Authorization: Bearer <key>'; this one is missing, unknown or revoked")
        return partner


async def _read(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > BODY_BYTES_MAX:
        raise TooLargeError(f"a hand-over has at most {BODY_BYTES_MAX} bytes")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise EngineDownError("the connection ended inside the body")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > BODY_BYTES_MAX:
                    raise TooLargeError(f"a hand-over has at most {BODY_BYTES_MAX} bytes")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise _SlowError(f"the body did not arrive within {BODY_SECONDS_MAX} s; nothing was kept") from None


def describe(document: dict[str, Any]) -> None:
    """Adds the door to the OpenAPI document, which the framework does not see."""
    document["components"].setdefault("securitySchemes", {})["partner_key"] = {"type": "http", "scheme": "bearer"}
    kinds = {FORMATS[name].content_type: {"schema": {"type": "string"}} for name in INCOMING}
    document["paths"][f"{PREFIX}{{format}}"] = {
        "post": {
            "tags": ["incidents"],
            "operationId": "receive_handover",
            "summary": "Hand an incident over",
            "description": (
                "For other control rooms: one message in the format of the key's partner, answered with a receipt in the same format. "
                "The same message again changes nothing and gets the same receipt. 422 with a receipt: refused, and why; 422 with a "
                "problem: it could not be read, and is kept for a person."
            ),
            "security": [{"partner_key": []}],
            "parameters": [{"name": "format", "in": "path", "required": True, "schema": {"type": "string", "enum": list(INCOMING)}}],
            "requestBody": {"required": True, "content": kinds},
            "responses": {"200": {"description": "Received: the receipt.", "content": kinds}},
        }
    }
