"""The gateway: lets clients in, looks at what they send once, and routes it. What it means for incidents is for whoever listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from bluelamp.incidents.gateways.cot import groups, negotiation
from bluelamp.incidents.gateways.cot.connection import Connection
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.fanout.flow import Flow
from bluelamp.incidents.gateways.cot.fanout.hub import Hub
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.joining import reading
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.gateways.cot.wire import xml
from bluelamp.incidents.gateways.cot.wire.errors import StreamError
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.kit.clock import Clock, now_ms
from bluelamp.spine.http import Caller

log = logging.getLogger(__name__)

STALE_MS_MAX = 366 * 86_400_000
"""Longest that anything stays: clients send years for what shall stay for ever."""


class Identity(NamedTuple):
    """Who a connection belongs to, as far as it matters here."""

    agency: str
    groups: frozenset[str]
    """What its clients may see: see `groups.py`."""
    audience: frozenset[str]
    """Whom what they send goes to, unless it names somebody."""
    device: str = ""
    """Id of the enrolled device; empty on the plain port."""
    caller: Caller | None = None
    away_since: int = 0
    """Of one that has come: when it was last known to have everything, epoch milliseconds; 0: it was never here."""


class Gatekeeper(Protocol):
    """Says who is behind a connection, and what they may say."""

    async def identify(self, transport: asyncio.Transport) -> Identity | None:
        """None: nobody whom we know, the connection ends."""

    def audience(self, client: Client, identity: Identity, event: CotEvent) -> frozenset[str] | None:
        """Groups that an event goes to; None: it is refused (a uid that belongs to another)."""


class Gateway:
    """One per process; belongs to the event loop."""

    def __init__(self, settings: CotSettings, clock: Clock = now_ms) -> None:
        self.settings = settings
        self.clock = clock
        self.hub = Hub(settings.contacts_max, clock)
        self.unusable = 0
        self.refused = 0
        self.greet: Callable[[Identity, frozenset[str]], list[Parcel]] = lambda _identity, _known: []
        """What somebody who comes, or may see more than the `known` groups now, is told at once: who is in danger."""
        self.arrived: Callable[[Client, Identity], None] = lambda _client, _identity: None
        self._here: dict[Client, tuple[Gatekeeper, Identity]] = {}
        self._arriving = 0

    def door(self, keeper: Gatekeeper) -> Connection:
        """A new connection through a door that this keeper guards; hand it to the event loop as protocol factory."""
        return Connection(self, keeper)

    def full(self) -> bool:
        """Whether nobody more is let in."""
        if len(self._here) + self._arriving < self.settings.connections_max:
            return False
        log.warning("a CoT client is turned away: %d are connected, the most that may", len(self._here))
        return True

    async def admit(self, keeper: Gatekeeper, transport: asyncio.Transport) -> Client | None:
        """Let a connection in as a client; None: not this one."""
        self._arriving += 1
        try:
            identity = await keeper.identify(transport)
        finally:
            self._arriving -= 1
        if identity is None or transport.is_closing():
            return None
        client = Client(transport, identity.groups, Flow(transport.get_extra_info("socket")))
        self._here[client] = (keeper, identity)
        self.hub.join(client, greeting=xml.write(negotiation.offer(self.clock())))
        self.tell(client, self.greet(identity, frozenset()))
        self.arrived(client, identity)
        return client

    def tell(self, client: Client, parcels: list[Parcel]) -> None:
        """Hand these to one client, as far as it may see them."""
        if parcels and client in self._here:
            client.hold([parcel for parcel in parcels if not client.groups.isdisjoint(parcel.audience)])
            self.hub.attend(client)

    def present(self) -> list[tuple[Client, Identity]]:
        """Who is connected."""
        return [(client, identity) for client, (_, identity) in self._here.items()]

    def become(self, client: Client, identity: Identity) -> None:
        """What a client may see or say has changed: at once, also for what waits for it."""
        if client not in self._here:
            return
        self._here[client] = (self._here[client][0], identity)
        held = self.hub.last(client.uid) if client.uid else None
        if held is not None and held.audience != identity.audience:
            self.show(Parcel(held.event(), identity.audience, client.uid, client))
        if identity.groups != client.groups:
            now, before = self.clock(), client.groups
            for key in self.hub.regroup(client, identity.groups):
                client.write(Parcel(negotiation.gone(key, "a-f-G", now), identity.groups).bytes_in(client.form))
            self.tell(client, self.greet(identity, before))

    def show(self, parcel: Parcel) -> None:
        """Publish what stays on maps, and take it off those of who saw it until now and may not any more."""
        held = self.hub.last(parcel.key)
        if held is not None and not held.audience <= parcel.audience:
            gone = negotiation.gone(parcel.key, "a-f-G", self.clock())
            self.hub.publish(Parcel(gone, held.audience, "", parcel.sender))
        self.hub.publish(parcel)

    def dismiss(self, client: Client) -> None:
        """A client's connection is over."""
        _, identity = self._here.pop(client)
        self.hub.leave(client)
        if client.let_go_because:
            log.info("a CoT client of %s is let go: %s", identity.agency, client.let_go_because)
        if client.uid and not any(other.uid == client.uid for other in self._here):
            held = self.hub.forget(client.uid)
            if held is not None:
                gone = negotiation.gone(client.uid, "a-f-G", self.clock())
                self.hub.publish(Parcel(gone, held.audience))

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
        if audience is not None and not client.uid and reading.is_position(event):
            client.uid, client.call_sign = event.uid, event.call_sign
        if audience is None:
            self.refused += 1
            return
        if not audience:
            return
        key, audience = self._beside(client, event.uid if reading.is_kept(event) else "", audience)
        parcel = Parcel(event, audience, key, client, urgent=event.type.startswith("b-a-"))
        for uid in parcel.ends:
            shown = self.hub.last(uid)
            if shown is not None and not shown.audience.isdisjoint(client.groups):  # never what it does not see itself
                self.hub.forget(uid)
        if named := destinations(event):
            self.hub.hand(parcel, [other for other in self._here if other.uid in named or other.call_sign in named])
        else:
            self.hub.publish(parcel)

    def _beside(self, client: Client, key: str, audience: frozenset[str]) -> tuple[str, frozenset[str]]:
        """Key and audience of what a client sends, by what is on maps under its uid already."""
        held = self.hub.last(key) if key and key != client.uid else None
        if held is None:
            return key, audience
        if held.audience.isdisjoint(client.groups | audience):
            return "", audience  # something that this client does not see, whose place it must not take
        return key, held.audience if groups.is_limited(held.audience) else audience

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
