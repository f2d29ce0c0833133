"""The gateway: lets clients in, looks at what they send once, and routes it. What it means for incidents is for whoever listens."""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple, Protocol

from bluelamp.incidents.gateways.cot import negotiation
from bluelamp.incidents.gateways.cot.connection import Connection
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.fanout.flow import Flow
from bluelamp.incidents.gateways.cot.fanout.hub import Hub
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.gateways.cot.wire import xml
from bluelamp.incidents.gateways.cot.wire.errors import StreamError
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.kit.clock import Clock, now_ms

log = logging.getLogger(__name__)

STALE_MS_MAX = 366 * 86_400_000
"""Longest that anything stays: clients send years for what shall stay for ever."""


class Identity(NamedTuple):
    """Who a connection belongs to, as far as it matters here."""

    agency: str
    groups: frozenset[str]
    """What its clients may see, and whom what they send goes to: see `groups.py`."""
    device: str = ""
    """Id of the enrolled device; empty on the plain port."""


class Gatekeeper(Protocol):
    """Says who is behind a connection, and what they may say."""

    def identify(self, transport: asyncio.Transport) -> Identity | None:
        """None: nobody whom we know, the connection ends."""

    def audience(self, client: Client, identity: Identity, event: CotEvent) -> frozenset[str] | None:
        """Groups that an event goes to; None: it is refused (a uid that belongs to another)."""

    def left(self, client: Client, identity: Identity) -> None:
        """A client disconnected."""


class Gateway:
    """One per process; belongs to the event loop."""

    def __init__(self, settings: CotSettings, clock: Clock = now_ms) -> None:
        self.settings = settings
        self.clock = clock
        self.hub = Hub(settings.contacts_max, clock)
        self.unusable = 0
        self.refused = 0
        self._here: dict[Client, tuple[Gatekeeper, Identity]] = {}
        self._keepers: dict[Connection, Gatekeeper] = {}

    def door(self, keeper: Gatekeeper) -> Connection:
        """A new connection through a door that this keeper guards; hand it to the event loop as protocol factory."""
        connection = Connection(self)
        self._keepers[connection] = keeper
        return connection

    def admit(self, connection: Connection, transport: asyncio.Transport) -> Client | None:
        keeper = self._keepers.pop(connection)
        if len(self._here) >= self.settings.connections_max:
            log.warning("a CoT client is turned away: %d are connected, the most that may", len(self._here))
            return None
        identity = keeper.identify(transport)
        if identity is None:
            return None
        client = Client(transport, identity.groups, Flow(transport.get_extra_info("socket")))
        self._here[client] = (keeper, identity)
        self.hub.join(client, greeting=xml.write(negotiation.offer(self.clock())))
        return client

    def dismiss(self, connection: Connection, client: Client) -> None:
        self._keepers.pop(connection, None)
        keeper, identity = self._here.pop(client)
        self.hub.leave(client)
        if client.let_go_because:
            log.info("a CoT client of %s is let go: %s", identity.agency, client.let_go_because)
        if client.uid and not any(other.uid == client.uid for other in self._here):
            held = self.hub.forget(client.uid)
            if held is not None:
                gone = negotiation.gone(client.uid, "a-f-G", self.clock())
                self.hub.publish(Parcel(gone, held.audience))
        keeper.left(client, identity)

    def close(self) -> None:
        """End every connection."""
        for client in list(self._here):
            client.pipe.abort()

    def broken(self, connection: Connection, error: StreamError) -> None:
        identity = self._here[connection.client][1] if connection.client in self._here else None
        log.info("a CoT client%s is let go: %s", f" of {identity.agency}" if identity else "", error.message)

    def receive(self, client: Client, event: CotEvent) -> None:
        """Route one event of a client.

        Raises:
            EventError: it cannot be written for the others.
        """
        if event.type == negotiation.PING:
            client.hold([Parcel(negotiation.pong(self.clock()), client.groups)])
            self.hub.attend(client)
            return
        if event.type.startswith("t-x-takp"):
            return
        keeper, identity = self._here[client]
        self._correct_clock(event)
        audience = keeper.audience(client, identity, event)
        if audience is None:
            self.refused += 1
            return
        if not audience:
            return
        key = event.uid if event.type.startswith("a-") else ""
        if key and not client.uid:
            client.uid, client.call_sign = event.uid, event.call_sign
        parcel = Parcel(event, audience, key, client, urgent=event.type.startswith("b-a-"))
        if named := destinations(event):
            self.hub.hand(parcel, [other for other in self._here if other.uid in named or other.call_sign in named])
        else:
            self.hub.publish(parcel)

    def _correct_clock(self, event: CotEvent) -> None:
        """By the server's clock: a device that is an hour off is neither stale at once nor for an hour too long."""
        now = self.clock()
        if abs(event.time - now) > self.settings.clock_seconds_max * 1000:
            event.moved_by(now - event.time)
        if event.stale > now + STALE_MS_MAX:
            event.stale = now + STALE_MS_MAX
            event.raw = b""


def destinations(event: CotEvent) -> set[str]:
    """Uids and call signs that an event is meant for alone; empty: for all."""
    found = {value for dest in event.detail.findall("marti/dest") for name in ("uid", "callsign") if (value := dest.get(name, ""))}
    return found - {"All Chat Rooms"}
