"""WebSockets where bytes arrive: openings, garbage, frames without end, readers that do not read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bluelamp.app import connection, socket
from bluelamp.spine.sockets import EXTENSION, MESSAGE_BYTES_MAX, Socket, text_frame
from tests.support.platform import serving

KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
HEAD = b"GET /here HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
FLOOD = text_frame(b"x" * 60_000)


class Echo:
    """Says everything back; `fail` makes it fail, `flood` makes it talk without end, `leave` makes it end."""

    made: list[Echo] = []  # noqa: RUF012

    def __init__(self, here: Socket) -> None:
        self.socket = here
        self.is_lost = False
        self.drains = 0
        Echo.made.append(self)

    def heard(self, message: bytes) -> None:
        if message == b"fail":
            raise RuntimeError(message)
        if message == b"leave":
            self.socket.close(4000, "as you wish")
        elif message == b"flood":
            self.drained()
        else:
            self.socket.send(text_frame(message))

    def drained(self) -> None:
        self.drains += 1
        while not self.socket.paused and self.drains < 200:
            self.socket.send(FLOOD)
            if self.socket.transport.get_write_buffer_size() > socket.BUFFER_BYTES:  # type: ignore[attr-defined]
                break

    def lost(self) -> None:
        assert not self.is_lost
        self.is_lost = True


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        await asyncio.sleep(0.2)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
    elif scope["path"] == "/here":
        await asyncio.sleep(0)
        opening = scope["extensions"][EXTENSION]
        if (here := opening.accept()) is not None:
            opening.listen(Echo(here))
    elif scope["path"] == "/broken":
        raise RuntimeError(scope["path"])
    else:
        await send({"type": "websocket.close"})


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    async with serving(app) as at:  # type: ignore[arg-type]
        yield at.replace("http", "ws")


@contextlib.asynccontextmanager
async def line(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    try:
        yield reader, writer
    finally:
        writer.close()


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with line(url) as (reader, writer):
        writer.write(HEAD + KEY + b"\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 101 ")
        yield reader, writer


async def close_code(reader: asyncio.StreamReader) -> int:
    """Code of the close frame with which the server ends, whatever came before."""
    told = await asyncio.wait_for(reader.read(), 20)
    at = told.rindex(b"\x88")
    return int.from_bytes(told[at + 2 : at + 4], "big")


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """As a client sends it, under a mask of zeroes."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xff" + len(payload).to_bytes(8, "big")
    if 126 <= len(payload) < 1 << 16:
        size = b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([first]) + size + b"\0\0\0\0" + payload


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


async def test_messages_go_both_ways_in_any_number_of_frames(url: str) -> None:
    async with connect(f"{url}/here", compression="deflate") as client:
        assert client.protocol.extensions == [], "compression would cost each of ten thousand a window"
        for message in ("hello", "é" * 10_000, "x" * MESSAGE_BYTES_MAX):
            await client.send(message)
            assert await client.recv() == message
        await client.send(iter(["a", "b", "c"]))
        assert await client.recv() == "abc"
        await client.ping()
    await until(lambda: Echo.made[-1].is_lost)


async def test_either_side_ends_it_in_words(url: str) -> None:
    client: ClientConnection
    async with connect(f"{url}/here") as client:
        await client.send("leave")
        with pytest.raises(ConnectionClosed) as ended:
            await client.recv()
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4000, "as you wish")
    await until(lambda: Echo.made[-1].is_lost)


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (HEAD + b"\r\n", 400, "bad_request"),
        (HEAD + KEY.replace(b"13", b"8") + b"\r\n", 400, "bad_request"),
        (HEAD.replace(b"GET", b"POST") + KEY + b"\r\n", 405, "bad_request"),
        (HEAD.replace(b"/here", b"/nowhere") + KEY + b"\r\n", 404, "not_found"),
        (HEAD + KEY + b"A: " + b"b" * connection.HEAD_BYTES_MAX + b"\r\n\r\n", 431, "headers_too_large"),
        (HEAD + KEY + b"A: b\r\n" * connection.HEADERS_MAX + b"\r\n", 431, "headers_too_large"),
    ],
    ids=["no key", "an old version", "no GET", "nothing there", "long head", "many headers"],
)
async def test_an_opening_that_is_none_is_answered(url: str, head: bytes, status: int, code: str) -> None:
    async with line(url) as (reader, writer):
        writer.write(head)
        answer, _, body = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
    assert int(answer.split()[1]) == status
    assert json.loads(body)["code"] == code
    assert b"connection: close" in answer.lower()


async def test_an_opening_that_fails_or_comes_too_early_ends(url: str) -> None:
    async with line(url) as (reader, writer):
        writer.write(HEAD.replace(b"/here", b"/broken") + KEY + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 20) == b""
    async with line(url) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD + KEY + b"\r\n")
        assert b"101" not in await asyncio.wait_for(reader.read(), 20)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x02hi", 1002),
        (b"\xff" * 40, 1002),
        (frame(b"x", 0xC1), 1002),
        (frame(b"x", 0x83), 1002),
        (frame(b"x" * 200, 0x89), 1002),
        (frame(b"x", 0x80), 1002),
        (frame(b"x", 0x01) + frame(b"x", 0x81), 1002),
        (b"\x81\xff\x00\x00\x00\x00\x03\x00\x00\x00\0\0\0\0", 1009),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1002),
        (frame(b"fail"), 1011),
    ],
    ids=[
        "unmasked", "noise", "a reserved bit", "an opcode that is none", "a large ping", "the end of nothing", "a new one within",
        "fifty megabytes announced", "more than there is", "a fault of ours",
    ],
)  # fmt: skip
async def test_garbage_ends_this_socket_with_a_reason(url: str, sent: bytes, code: int) -> None:
    async with opened(url) as (reader, writer):
        writer.write(sent)
        got = await close_code(reader)
        assert got == code or (code == 1002 and got == 1009), "too much of anything is also a reason"
    await until(lambda: Echo.made[-1].is_lost)


async def test_fifty_megabytes_are_neither_kept_nor_awaited(url: str) -> None:
    async with opened(url) as (reader, writer):
        writer.write(b"\x81\xff" + (50 << 20).to_bytes(8, "big") + b"\0\0\0\0")
        ending = asyncio.create_task(close_code(reader))
        with contextlib.suppress(ConnectionError):
            for _ in range(50):
                writer.write(b"x" * (1 << 20))
                await writer.drain()
        assert await ending == 1009


async def test_a_message_in_endless_parts_is_too_long_too(url: str) -> None:
    async with opened(url) as (reader, writer):
        writer.write(frame(b"x" * 40_000, 0x01) + frame(b"x" * 40_000, 0x00))
        assert await close_code(reader) == 1009


async def test_half_a_frame_waits_and_the_rest_completes_it(url: str) -> None:
    async with opened(url) as (reader, writer):
        sent = frame(b"hello")
        for at in range(len(sent)):
            writer.write(sent[at : at + 1])
            await writer.drain()
            await asyncio.sleep(0)
        assert await asyncio.wait_for(reader.readexactly(7), 10) == b"\x81\x05hello"


async def test_who_reads_nothing_is_let_go_and_holds_little_meanwhile(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "WRITE_S_MAX", 0.3)
    async with opened(url) as (_reader, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        here = Echo.made[-1]
        writer.write(frame(b"flood"))
        await until(lambda: here.socket.paused)
        assert here.socket.transport.get_write_buffer_size() <= 2 * socket.BUFFER_BYTES + len(FLOOD)  # type: ignore[attr-defined]
        await until(lambda: here.is_lost)


async def test_who_asks_for_pongs_and_reads_none_fills_nothing(url: str) -> None:
    async with opened(url) as (_reader, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        here = Echo.made[-1]
        writer.write(frame(b"flood"))
        await until(lambda: here.socket.paused)
        held = here.socket.transport.get_write_buffer_size()  # type: ignore[attr-defined]
        writer.write(frame(b"p" * 100, 0x89) * 5_000 + frame(b"leave"))
        await until(lambda: here.socket._closing is not None)  # type: ignore[attr-defined]
        assert here.socket.transport.get_write_buffer_size() <= held + 100  # type: ignore[attr-defined]


async def test_who_begins_to_read_again_gets_it_all(url: str) -> None:
    async with opened(url) as (reader, writer):
        here = Echo.made[-1]
        writer.write(frame(b"flood"))
        await until(lambda: here.socket.paused)
        await asyncio.wait_for(reader.readexactly(len(FLOOD) * 20), 20)
        assert here.drains > 1


async def test_the_end_of_the_server_is_told() -> None:
    async with serving(app) as at:  # type: ignore[arg-type]
        client = await connect(at.replace("http", "ws") + "/here")
    with pytest.raises(ConnectionClosed) as ended:
        await client.recv()
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1012
