"""Clients of a CoT server for the bench, all in one process that is not the server's: senders, receivers, slow ones.

    python -m bench.cot_load '{"port": 8087, "clients": 200, "rate": 400, "seconds": 8, …}'

Each event carries the time it was sent; latency is taken from the oldest event of each chunk that a client reads, and counts for all
of them. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from typing import Any

import uvloop

EVENT = (
    '<event version="2.0" uid="bench-{uid:04d}" type="a-f-G-U-C" how="m-g" time="{now}" start="{now}" stale="{stale}">'
    '<point lat="51.{n:05d}" lon="-0.1" hae="10.0" ce="5.0" le="9999999.0"/><detail><contact endpoint="*:-1:stcp" callsign="B{uid:04d}"/>'
    '<__group role="Team Member" name="Cyan"/><track course="12.0" speed="3.0"/><b at="{at:014d}" k="{pad}"/></detail></event>\n'
)
MARK = b'<b at="'
AT = re.compile(rb'<b at="(\d{14})"')
END = b"</event>"
PAD = "0123456789abcdef" * 6


def iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))


def event(uid: int, n: int) -> bytes:
    now = time.time()
    return EVENT.format(uid=uid, n=n % 100_000, now=iso(now), stale=iso(now + 300), at=round(time.monotonic() * 1e6), pad=PAD).encode()


class Receiver(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self.load = load
        self.tail = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.load.lost += not self.load.over

    def data_received(self, data: bytes) -> None:
        data = self.tail + data
        end = data.rfind(END)
        if end < 0:
            self.tail = data
            return
        self.tail = data[end + 8 :]
        count = data.count(END, 0, end + 8)
        at = data.find(MARK, 0, end)
        if at >= 0 and self.load.counting:
            self.load.note(count, time.monotonic() * 1e6 - int(data[at + 7 : at + 21]))


class Load:
    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.counting = self.over = False
        self.lost = self.delivered = self.sent = 0
        self.late_s = 0.0
        self.latencies: list[tuple[float, int]] = []
        self.slow_ages: list[float] = []

    def note(self, count: int, latency_us: float) -> None:
        self.delivered += count
        self.latencies.append((latency_us / 1000, count))

    async def run(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        asked, port = self.asked, self.asked["port"]
        receivers = []
        for at in range(asked["clients"]):
            _, receiver = await loop.create_connection(lambda: Receiver(self), "127.0.0.1", port)
            if asked.get("hello"):
                receiver.transport.write(event(5000 + at, 0))
            receivers.append(receiver)
        slow = [asyncio.create_task(self._slow(port)) for _ in range(asked.get("slow", 0))]
        senders = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(asked.get("senders", 1))]
        await asyncio.sleep(1.0)
        self.counting = True
        started = time.monotonic()
        await self._send(senders, asked["rate"], asked["seconds"], asked.get("uids", 1000))
        took = time.monotonic() - started
        await asyncio.sleep(0.1)
        self.counting = False
        self.over = True
        for task in slow:
            task.cancel()
        return {
            "deliveries_per_s": self.delivered / took, "offered": self.sent * asked["clients"] / took, "p50": self._percentile(0.5),
            "p99": self._percentile(0.99), "lost": self.lost, "sent": self.sent, "took": took, "late_s": self.late_s,
            "slow_age_ms_max": max(self.slow_ages, default=0.0), "slow_reads": len(self.slow_ages), "series": [round(x) for x in self.slow_ages[::10]] if "series" in asked else 0,
        }  # fmt: skip

    def _percentile(self, share: float) -> float:
        total = sum(count for _, count in self.latencies)
        reached = 0
        for latency, count in sorted(self.latencies):
            reached += count
            if reached >= share * total:
                return latency
        return float("inf")

    async def _send(self, senders: list[asyncio.StreamWriter], rate: float, seconds: float, uids: int) -> None:
        """At an even pace; what could not be sent in time is sent at once, and by how much it was late is told."""
        started, total = time.monotonic(), round(rate * seconds)
        while self.sent < total:
            due = min(total, int((time.monotonic() - started) * rate) + 1)
            while self.sent < due:
                senders[self.sent % len(senders)].write(event(self.sent % uids, self.sent))
                self.sent += 1
            if time.monotonic() - started > seconds * 1.5:
                return
            for sender in senders:
                await sender.drain()
            self.late_s = max(self.late_s, time.monotonic() - started - self.sent / rate)
            await asyncio.sleep(max(0.0, started + self.sent / rate - time.monotonic()))

    async def _slow(self, port: int) -> None:
        """Reads a little, seldom; how old the newest is that it has after each read is what counts."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.asked.get("slow_buffer", 16 << 10))
        raw.connect(("127.0.0.1", port))
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        bytes_per_s = self.asked["slow_bytes_per_s"]
        tail, newest = b"", 0
        while True:
            data = tail + await loop.sock_recv(raw, bytes_per_s // 20)
            newest = max([newest, *(int(at) for at in AT.findall(data))])
            if newest and self.counting:
                self.slow_ages.append(time.monotonic() * 1e3 - newest / 1e3)
            tail = data[-30:]
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    print(json.dumps(uvloop.run(Load(json.loads(sys.argv[1])).run())))
