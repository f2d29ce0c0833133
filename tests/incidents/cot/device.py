"""A TAK device of our own for tests: connects, sends bytes, and gathers the events that it gets, in either form."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

from bluelamp.incidents.gateways.cot.wire import protobuf, xml
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.gateways.cot.wire.splitting import ProtobufSplitter, Splitter, XmlSplitter

MAX = 4 << 20


class Device:
    """Use `async with Device.at(port) as device`."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self._port, self._context = port, context
        self._splitter: Splitter = XmlSplitter(MAX)
        self.events: list[CotEvent] = []
        self.closed = asyncio.Event()
        self.heard = asyncio.Event()

    @classmethod
    def at(cls, port: int, context: ssl.SSLContext | None = None) -> Device:
        return cls(port, context)

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._context, server_hostname="localhost" if self._context else None
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._reading.cancel()
        self.writer.transport.abort()

    def send(self, *events: bytes) -> None:
        self.writer.write(b"\n".join(events))

    async def _read(self) -> None:
        try:
            while data := await self.reader.read(65536):
                self._splitter.feed(data)
                while (one := self._splitter.take()) is not None:
                    event = xml.parse(one) if isinstance(self._splitter, XmlSplitter) else protobuf.parse(one)
                    assert event is not None
                    self.events.append(event)
                    if event.type == "t-x-takp-r" and b"true" in one:
                        rest, self._splitter = self._splitter.rest().lstrip(), ProtobufSplitter(MAX)
                        self._splitter.feed(rest)
                    self.heard.set()
        except (OSError, ssl.SSLError):
            pass
        finally:
            self.closed.set()
            self.heard.set()

    async def wait(
        self, kind: str = "", *, uid: str = "", count: int = 1, like: Callable[[CotEvent], bool] = lambda _: True
    ) -> list[CotEvent]:
        """Events of a type (by its beginning) and uid, once so many have come."""
        async with asyncio.timeout(40):
            while True:
                self.heard.clear()
                found = [event for event in self.events if event.type.startswith(kind) and event.uid.startswith(uid) and like(event)]
                if len(found) >= count:
                    return found
                assert not self.closed.is_set(), "the gateway ended the connection"
                await self.heard.wait()

    async def settled(self, from_device: Device | None = None) -> None:
        """Until everything that was sent before by another (or this one) has been routed and read here: pings come back after it."""
        for pinging in dict.fromkeys((from_device or self, self)):
            before = sum(event.type == "t-x-c-t-r" for event in pinging.events)
            pinging.send(ping())
            await pinging.wait("t-x-c-t-r", count=before + 1)

    async def protobuf(self) -> None:
        """Ask for version 1, and wait until it is agreed."""
        self.send(request())
        await self.wait("t-x-takp-r")


def ping() -> bytes:
    from tests.incidents.cot.examples import iso  # noqa: PLC0415

    return (
        f'<event version="2.0" uid="ping" type="t-x-c-t" how="m-g" time="{iso()}" start="{iso()}" stale="{iso(9)}">'
        '<point lat="0" lon="0" hae="0" ce="0" le="0"/></event>'
    ).encode()


def request() -> bytes:
    return (
        ping()
        .replace(b"t-x-c-t", b"t-x-takp-q")
        .replace(b"</event>", b'<detail><TakControl><TakRequest version="1"/></TakControl></detail></event>')
    )
