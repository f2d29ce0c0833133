"""`POST /v1/incidents/handovers/{format}`: where other control rooms knock, with a key instead of a session.

The frame is that of all doors for machines (`spine/machine_door.py`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from bluelamp.incidents.gateways.message import BODY_BYTES_MAX, NotThisFormatError
from bluelamp.incidents.gateways.registry import FORMATS, INCOMING
from bluelamp.incidents.handovers import incoming, partner_store
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.spine.errors import NotFoundError, UnauthenticatedError
from bluelamp.spine.machine_door import (
    Answer,
    BodyLimits,
    Headers,
    MachineDoor,
    Receive,
    Scope,
    bearer_key,
    demand_plain_body,
    read_body,
)
from bluelamp.spine.module import Spine

PREFIX = "/v1/incidents/handovers/"
LIMITS = BodyLimits(BODY_BYTES_MAX, 30, f"a hand-over has at most {BODY_BYTES_MAX} bytes")
MESSAGES_PER_MINUTE_MAX = 600
KNOCKS_PER_MINUTE_MAX = 1200
"""From one network address, with whatever key."""


class _UnknownFormatError(NotFoundError):
    code = "unknown_format"


class HandoverDoor(MachineDoor):
    """The ASGI application behind the address."""

    name = "the door for hand-overs"
    failed = "the platform failed on this message; it is logged: send it again"
    posts_only = "hand-overs are sent by POST"

    def __init__(self, spine: Spine) -> None:
        super().__init__(spine.clock)
        self._spine = spine

    async def answer(self, scope: Scope, headers: Headers, receive: Receive) -> Answer:
        address = (scope.get("client") or ("",))[0]
        if self.budget.spend(("address", address)) > KNOCKS_PER_MINUTE_MAX:
            raise self.budget.refusal(f"{KNOCKS_PER_MINUTE_MAX} messages came from your network address in this minute; go on after it")
        partner = await self._identify(headers)
        name = scope["path"][len(PREFIX) :]
        if name not in INCOMING:
            raise _UnknownFormatError(f"there is no hand-over format {name[:40]!r} to send in; there are: {', '.join(INCOMING)}")
        if name != partner.format:
            raise NotThisFormatError(f"this key belongs to a partner by {partner.format}: send to {PREFIX}{partner.format}")
        most = MESSAGES_PER_MINUTE_MAX
        self.budget.check(partner.id, most, f"{partner.name} has sent its {most} messages of this minute; send the rest after it")
        demand_plain_body(headers)
        body = await read_body(headers, receive, LIMITS)
        self.budget.spend(partner.id)
        reply = await incoming.receive(self._spine, partner, body)
        return Answer(reply.status, [(b"content-type", FORMATS[name].content_type.encode())], reply.body)

    async def _identify(self, headers: Headers) -> Partner:
        key = bearer_key(headers)
        partner = await partner_store.by_key(self._spine.db, hashlib.sha256(key).digest()) if 20 <= len(key) <= 200 else None
        if partner is None:
            raise UnauthenticatedError("send the partner's key as 'Authorization: Bearer <key>'; this one is missing, unknown or revoked")
        return partner


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
