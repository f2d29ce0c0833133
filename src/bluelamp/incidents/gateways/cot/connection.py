"""One client's connection: bytes in, events to the gateway, and a budget so that no client takes the others' time."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, cast

from bluelamp.incidents.gateways.cot import negotiation
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.wire import protobuf, xml
from bluelamp.incidents.gateways.cot.wire.errors import EventError, StreamError
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.gateways.cot.wire.splitting import ProtobufSplitter, Splitter, XmlSplitter
from bluelamp.spine.errors import BluelampError

if TYPE_CHECKING:
    from bluelamp.incidents.gateways.cot.gateway import Gatekeeper, Gateway

log = logging.getLogger(__name__)

SEND_BUFFER_BYTES = 64 << 10
"""What the operating system may hold for a client. What it holds cannot be superseded any more, so it is kept small."""
ARRIVE_S_MAX = 20.0
"""How long it may take to find out who somebody is: many may come at once."""
UNUSABLE_MAX = 100
"""Events without sense until a client is let go: one may have a plug-in that is wrong, but not for ever."""
TURN_EVENTS = 64
"""Events of one client that are handled before others get their turn."""
BURST = 10
KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
"""A device that lost its network is noticed within a minute, though it never says anything."""


class Connection(asyncio.Protocol):
    """Of a client that is who it is known to be: the transport, or whoever made it, has seen to that."""

    def __init__(self, gateway: Gateway, keeper: Gatekeeper) -> None:
        self.gateway = gateway
        self._keeper = keeper
        self.client: Client | None = None
        self._transport: asyncio.Transport
        self._splitter: Splitter = XmlSplitter(gateway.settings.event_bytes_max)
        self._arriving: asyncio.Task[None] | None = None
        self._unusable = 0
        self._budget = float(gateway.settings.events_per_second_max * BURST)
        self._counted_at = 0.0
        self._later: asyncio.TimerHandle | None = None
        """Set while nothing is read: its turn or its budget is over."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)
        self._counted_at = asyncio.get_running_loop().time()
        if (opened := transport.get_extra_info("socket")) is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in KEEPALIVE:
                opened.setsockopt(socket.IPPROTO_TCP, option, value)
        if self.gateway.full():
            transport.abort()
            return
        transport.pause_reading()  # until it is known who it is
        self._arriving = asyncio.create_task(self._arrive())

    async def _arrive(self) -> None:
        try:
            async with asyncio.timeout(ARRIVE_S_MAX):
                self.client = await self.gateway.admit(self._keeper, self._transport)
        except (BluelampError, TimeoutError) as error:
            log.warning("a CoT client cannot be let in: %s", error)
        if self.client is None:
            self._transport.abort()
        else:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._arriving is not None:
            self._arriving.cancel()
        if self._later is not None:
            self._later.cancel()
        if self.client is not None:
            self.gateway.dismiss(self.client)
            self.client = None

    def data_received(self, data: bytes) -> None:
        if self.client is None:
            return
        self._splitter.feed(data)
        if self._later is None:
            self._go_on()

    def _go_on(self) -> None:
        """Handle what has come, as far as the budget goes; then read on."""
        waited, self._later = self._later is not None, None
        loop = asyncio.get_running_loop()
        rate = self.gateway.settings.events_per_second_max
        now = loop.time()
        self._budget = min(self._budget + (now - self._counted_at) * rate, rate * BURST)
        self._counted_at = now
        try:
            for _ in range(TURN_EVENTS):
                if self._budget < 1 or self.client is None or self._transport.is_closing():
                    break
                data = self._splitter.take()
                if data is None:
                    if waited:
                        self._transport.resume_reading()
                    return
                self._budget -= 1
                self._handle(data)
        except StreamError as error:
            self.gateway.broken(self, error)
            self._transport.abort()
            return
        if self.client is not None and not self._transport.is_closing():
            if not waited:
                self._transport.pause_reading()
            self._later = loop.call_later(0 if self._budget >= 1 else 0.1, self._go_on)

    def _handle(self, data: bytes) -> None:
        assert self.client is not None  # noqa: S101 - the caller looked
        try:
            event = xml.parse(data) if self.client.form == "xml" else protobuf.parse(data)
            if event is None:
                return
            if event.type == negotiation.REQUEST:
                self._negotiate(event)
            else:
                self.gateway.receive(self.client, event)
        except EventError as error:
            self._unusable += 1
            self.gateway.unusable += 1
            if self._unusable > UNUSABLE_MAX:
                raise StreamError(f"too many events without sense; the last: {error.message}") from None

    def _negotiate(self, event: CotEvent) -> None:
        assert self.client is not None  # noqa: S101 - the caller looked
        agreed = negotiation.asks_for(event) == negotiation.VERSION and self.client.form == "xml"
        answer = xml.write(negotiation.response(self.gateway.clock(), agreed=agreed))
        if not agreed:
            self._transport.write(answer)
            return
        self.gateway.hub.speak(self.client, "protobuf", answer)
        rest = self._splitter.rest().lstrip(b"\r\n\0 ")
        self._splitter = ProtobufSplitter(self.gateway.settings.event_bytes_max)
        self._splitter.feed(rest)
