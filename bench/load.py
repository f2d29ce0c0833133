"""A client that costs little: requests made beforehand, sent over kept connections, answers counted. One process, asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast


@dataclass
class Outcome:
    """What a run of requests came to."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    last_body: bytes = b""

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


def request(path: str, key: str, content_type: str, body: bytes) -> bytes:
    """The bytes of a POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome, finished: asyncio.Future[None]) -> None:
        self._requests = requests
        self._outcome = outcome
        self._finished = finished
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        wanted = next(self._requests, None)
        if wanted is None:
            self._transport.close()
            if not self._finished.done():
                self._finished.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(wanted)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        status = int(self._buffer[9:12])
        self._outcome.statuses[status] = self._outcome.statuses.get(status, 0) + 1
        self._outcome.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        self._outcome.last_body = self._buffer[end + 4 :]
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished.done():
            self._finished.set_exception(exc or ConnectionError("the server closed the connection"))


async def drive(port: int, requests: list[bytes], connections: int) -> Outcome:
    """Send all requests over so many connections as fast as they are answered."""
    loop = asyncio.get_running_loop()
    outcome = Outcome()
    left = iter(requests)
    finished = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for future in finished:
        await loop.create_connection(lambda f=future: _Connection(left, outcome, f), "127.0.0.1", port)
    await asyncio.gather(*finished)
    outcome.seconds = time.perf_counter() - started
    return outcome


async def pace(port: int, requests: list[bytes], per_second: float, connections: int) -> Outcome:
    """Send requests at a steady rate, whatever the answers do, over at most so many connections at once."""
    outcome = Outcome()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    started = time.perf_counter()

    async def feed() -> None:
        for number, wanted in enumerate(requests):
            wait = started + number / per_second - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            queue.put_nowait(wanted)
        for _ in range(connections):
            queue.put_nowait(None)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (wanted := await queue.get()) is not None:
            sent_at = time.perf_counter()
            writer.write(wanted)
            head = await reader.readuntil(b"\r\n\r\n")
            at = head.lower().find(b"content-length:")
            outcome.last_body = await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
            status = int(head[9:12])
            outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
            outcome.latencies_ms.append((time.perf_counter() - sent_at) * 1000)
        writer.close()

    await asyncio.gather(feed(), *(work() for _ in range(connections)))
    outcome.seconds = time.perf_counter() - started
    return outcome
