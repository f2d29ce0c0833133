"""Devices for `bench/live.py`, in a process of their own: as many WebSockets as asked for, each with its own token, told what to do on standard input.

It reads frames as little as it must, so that what is measured is the platform: which event came when to whom, and the last cursor.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from typing import Any

import uvloop

from bluelamp.kit.clock import now_ms, to_rfc3339

OPENING_AT_ONCE = 200
EVENT, CURSOR, ID, READY = b'{"type":"event"', b'"cursor":"', b'"id":"', b'{"type":"ready"'
PING, PONG = 0x89, b"\x8a\x80\0\0\0\0"
EMERGENCY, RAISED = b'"emergency":"', b'"kind":"emergency.raised"'


def frame(text: bytes) -> bytes:
    """As a client sends it, under a mask of zeroes."""
    size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + text


def after(text: bytes, name: bytes) -> str:
    """The string after a name, up to its quote; empty where there is none."""
    at = text.find(name)
    return text[at + len(name) : text.index(b'"', at + len(name))].decode() if at >= 0 else ""


class Device(asyncio.Protocol):
    """One line after another of the same device."""

    def __init__(self, load: Load, token: str, follow: dict[str, Any], latitude: float) -> None:
        self.load = load
        self.token = token
        self.wanted = follow
        self.latitude = latitude
        self.with_cursor = b""
        self.events: list[tuple[str, float]] = []
        self.up = False
        self.ready = False
        self.rest = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.up = self.ready = False
        self.rest = b""
        transport.write(  # type: ignore[attr-defined]
            f"GET /v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer {self.token}\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.up:
            head, _, data = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                self.load.refused += 1
                return
            self.up = True
            cursor = after(self.with_cursor, CURSOR)
            self.transport.write(frame(json.dumps({"type": "follow", "since": cursor or None} | self.wanted).encode()))  # type: ignore[union-attr]
        data, at = self.rest + data if self.rest else data, 0
        while len(data) - at >= 2:
            size, begins = data[at + 1], at + 2
            if size == 126:
                size, begins = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, begins = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < begins + size:
                break
            if data[at] == PING:
                self.transport.write(PONG)  # type: ignore[union-attr]
            else:
                self._take(data[begins : begins + size])
            at = begins + size
        self.rest = data[at:]

    def _take(self, text: bytes) -> None:
        self.load.frames += 1
        if text.startswith(EVENT):
            # An emergency's event has an id of its own; it is known by the one under which it was pressed.
            self.events.append((after(text, EMERGENCY if RAISED in text else ID), time.time()))
            self.with_cursor = text[:80]
        elif text.startswith(READY):
            self.ready = True
            self.with_cursor = text[:80]
        elif text.startswith(b'{"type":"heartbeat","cursor"'):
            self.with_cursor = text[:80]

    def connection_lost(self, _error: Exception | None) -> None:
        if self.transport is not None:
            self.load.lost += 1
        self.up = self.ready = False

    def say_position(self) -> None:
        self.latitude += random.uniform(-0.001, 0.001)
        told = {"type": "position", "at": to_rfc3339(now_ms()), "latitude": round(self.latitude, 6), "longitude": -2.7, "accuracy_m": 5.0}
        self.transport.write(frame(json.dumps(told).encode()))  # type: ignore[union-attr]


class Load:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.port = plan["port"]
        self.frames = self.lost = self.refused = 0
        self.devices = [Device(self, token, follow, 54.0 + n % 100 / 100) for n, (token, follow) in enumerate(plan["devices"])]
        self.moving: asyncio.Task[None] | None = None

    async def open(self, devices: list[Device]) -> float:
        """Seconds until all of them have their answer."""
        began = time.perf_counter()
        for at in range(0, len(devices), OPENING_AT_ONCE):
            some = devices[at : at + OPENING_AT_ONCE]
            await asyncio.gather(*(self._dial(device) for device in some))
        deadline = time.perf_counter() + 180
        while not all(device.ready for device in devices) and time.perf_counter() < deadline:
            await asyncio.sleep(0.02)
        return time.perf_counter() - began

    async def _dial(self, device: Device) -> None:
        await asyncio.get_running_loop().create_connection(lambda: device, "127.0.0.1", self.port)

    async def move(self, every_s: float) -> None:
        """Each says where it is once in so many seconds, one after another."""
        loop, count = asyncio.get_running_loop(), len(self.devices)
        began, said = loop.time(), 0
        while True:
            due = int((loop.time() - began) / every_s * count)
            for number in range(said, due):
                device = self.devices[number % count]
                if device.ready:
                    device.say_position()
            said = due
            await asyncio.sleep(0.02)

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order["do"]:
            case "open":
                return {"seconds": await self.open(self.devices), "ready": sum(d.ready for d in self.devices), "refused": self.refused}
            case "move":
                self.moving = asyncio.create_task(self.move(order["every_s"]))
            case "cut":
                for device in self.devices[: order["count"]]:
                    transport, device.transport = device.transport, None
                    if transport is not None:
                        transport.abort()
            case "return":
                return {"seconds": await self.open(self.devices[: order["count"]])}
            case "caught_up":
                wanted, deadline = order["wanted"], time.perf_counter() + 60
                some = self.devices[: order["count"]]
                while time.perf_counter() < deadline and not all(
                    {i for i, _ in d.events} >= set(wanted[w]) for d, w in zip(some, order["of"], strict=True)
                ):
                    await asyncio.sleep(0.02)
            case "told":
                found = {"frames": self.frames, "lost": self.lost, "events": [d.events for d in self.devices]}
                for device in self.devices:
                    device.events = []
                return found
        return {}


async def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    reader = asyncio.StreamReader(limit=1 << 28)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    load = Load(json.loads(await reader.readline()))
    while line := await reader.readline():
        print(json.dumps(await load.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
