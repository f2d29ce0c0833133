"""The door without TLS: on loopback only, and only where a setting opens it. Everybody who comes in is of one agency and nobody."""

from __future__ import annotations

import asyncio

from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.gateway import Gateway, Identity
from bluelamp.incidents.gateways.cot.wire.event import CotEvent

LOOPBACK = "127.0.0.1"


class PlainKeeper:
    """Lets everybody in as the configured agency."""

    def __init__(self, agency: str) -> None:
        groups = frozenset({agency})
        self._identity = Identity(agency, groups, groups)

    async def identify(self, transport: asyncio.Transport) -> Identity | None:  # noqa: ARG002 - there is nothing to look at
        return self._identity

    def audience(self, client: Client, identity: Identity, event: CotEvent) -> frozenset[str] | None:  # noqa: ARG002
        return identity.audience


async def listen(gateway: Gateway, port: int, agency: str) -> asyncio.Server:
    """Open the door."""
    keeper = PlainKeeper(agency)
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: gateway.door(keeper), LOOPBACK, port, backlog=1024)
