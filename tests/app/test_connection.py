"""Limits where bytes arrive: heads, addresses, slow bodies, how many connections; and whom the platform answers to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from bluelamp.app import connection
from bluelamp.app.frame import HEADERS
from bluelamp.app.hosts import is_trusted, trusted
from bluelamp.app.http import make_app
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform, serving

HELLO = b"HTTP/1.1 200 "


async def _echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with serving(_echo) as url:  # type: ignore[arg-type]
        yield int(url.rpartition(":")[2])


@contextlib.asynccontextmanager
async def line(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Everything until the other side closes: status, headers, body."""
    told = await asyncio.wait_for(reader.read(), 20)
    head, _, body = told.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


def _refused(answer: tuple[int, dict[str, str], bytes], status: int, code: str) -> None:
    got, headers, body = answer
    told = json.loads(body)
    assert (got, told["status"], told["code"], headers["connection"]) == (status, status, code, "close")
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS
    assert headers["content-type"] == "application/problem+json"
    assert "server" not in headers


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (connection.HEADERS_MAX + 1) + b"\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * connection.HEAD_BYTES_MAX + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * (connection.HEAD_BYTES_MAX + 100), 431, "headers_too_large"),
        (b"GET /" + b"a" * connection.URL_BYTES_MAX + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "url_too_long"),
        (b"\x16\x03\x01\x02\x00 not http\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_request"),
    ],
    ids=["many headers", "long header", "endless header", "long address", "not http", "two lengths"],
)
async def test_a_head_out_of_bounds_is_refused(port: int, request_: bytes, status: int, code: str) -> None:
    async with line(port) as (reader, writer):
        writer.write(request_)
        _refused(await heard(reader), status, code)


async def test_heads_within_bounds_are_answered_one_after_another(port: int) -> None:
    async with line(port) as (reader, writer):
        head = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (connection.HEADERS_MAX - 1) + b"\r\n"
        body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
        for sent in (head, body, head, head + head, body):
            writer.write(sent)
            for _ in range(sent.count(b"HTTP/1.1")):
                assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(HELLO)
                assert await reader.readexactly(6 if b"POST" in sent else 1) in {b"100000", b"0"}


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
    ids=["nothing", "head", "body", "chunk"],
)
async def test_who_falls_silent_is_let_go(port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S_MAX", 0.2)
    monkeypatch.setattr(connection, "WATCH_S", 0.1)
    async with line(port) as (reader, writer):
        writer.write(begun)
        _refused(await heard(reader), 408, "too_slow")


async def test_who_trickles_is_let_go(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slowloris: a byte now and then, for ever, in the head or in the body."""
    monkeypatch.setattr(connection, "HEAD_S_MAX", 0.3)
    monkeypatch.setattr(connection, "WATCH_S", 0.1)
    for begun in (b"GET / HTTP/1.1\r\nA: ", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"):
        async with line(port) as (reader, writer):
            writer.write(begun)
            hearing = asyncio.create_task(heard(reader))
            async with asyncio.timeout(20):
                while not hearing.done():
                    with contextlib.suppress(ConnectionError):
                        writer.write(b"a")
                        await writer.drain()
                    await asyncio.sleep(0.02)
            _refused(hearing.result(), 408, "too_slow")


@pytest.mark.parametrize("part", [b"", b"{"], ids=["silent", "trickling"])
async def test_a_door_for_machines_waits_for_no_body_that_does_not_come(
    platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    """These doors read the first part of a body without a clock of their own, and the rest with one of a minute."""
    made = await platform.client("admin").post("/v1/anpr/sources", json={"name": new_id(), "format": "native"})
    bearer, path = f"Bearer {made.json()['key']}", "/v1/anpr/intake/native"
    async with asyncio.timeout(20):
        while (await platform.client().post(path, headers={"Authorization": bearer})).status_code == 401:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the intake does not say that it knows a new source
    monkeypatch.setattr(connection, "WATCH_S", 0.1)
    port = int(platform.url.rpartition(":")[2])
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {bearer}\r\nContent-Type: application/json\r\n"
    async with line(port) as (reader, writer):
        writer.write(head.encode() + b"Content-Length: 100000\r\n\r\n")
        hearing = asyncio.create_task(heard(reader))
        while not hearing.done():
            with contextlib.suppress(ConnectionError):
                writer.write(part)
                await writer.drain()
            await asyncio.sleep(0.02)
        _refused(hearing.result(), 408, "too_slow")


async def test_a_steady_body_takes_its_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WATCH_S", 0.05)
    monkeypatch.setattr(connection, "BODY_BYTES_PER_WATCH_MIN", 1)
    async with line(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n")
        for _ in range(30):
            writer.write(b"x" * 100)
            await asyncio.sleep(0.02)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(HELLO)


async def test_connections_are_counted(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTIONS_MAX", 0)
    async with line(port) as (reader, _writer):
        _refused(await heard(reader), 503, "too_many_connections")


async def test_who_reads_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WRITE_S_MAX", 0.2)
    gone = asyncio.Event()

    async def endless(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _echo(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await _still(receive)) is None:
            await send({"type": "http.response.body", "body": b"x" * (1 << 20), "more_body": True})
        gone.set()

    async def _still(receive: Any) -> Any:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                while (message := await receive())["type"] != "http.disconnect":
                    continue
                return message
        return None

    async with serving(endless) as url, line(int(url.rpartition(":")[2])) as (_reader, writer):  # type: ignore[arg-type]
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(gone.wait(), 20)


def test_the_server_options_are_those_of_uvicorn() -> None:
    assert uvicorn.Config(_echo, **connection.SERVER).server_header is False


@pytest.mark.parametrize(
    ("host", "fine"),
    [
        (b"bluelamp.kentmere.example", True), (b"BLUELAMP.kentmere.example:8600", True), (b"[::1]:8600", True), (b"127.0.0.1", True),
        (b"evil.example", False), (b"", False), (b"bluelamp.kentmere.example.evil.example", False),
        (b"bluelamp.kentmere.example@evil", False),
    ],
)  # fmt: skip
def test_hosts_are_compared_without_port_and_case(host: bytes, fine: bool) -> None:
    names = trusted("Bluelamp.kentmere.example, 127.0.0.1:8600,[::1]")
    assert is_trusted({"headers": [(b"host", host)]}, names) is fine


def test_no_host_and_two_hosts_are_nobodys() -> None:
    names = trusted("a")
    assert not is_trusted({"headers": []}, names)
    assert not is_trusted({"headers": [(b"host", b"a"), (b"host", b"b")]}, names)
    assert trusted(" , ") == frozenset()


async def test_the_platform_answers_to_its_names_only(platform: RunningPlatform) -> None:
    spine = platform.spine.__class__(
        **{**vars(platform.spine), "settings": platform.spine.settings.model_copy(update={"hosts": "bluelamp.example"})}
    )
    async with serving(make_app(spine)) as url, httpx.AsyncClient(base_url=url) as client:
        for path in ("/", "/healthz", "/v1/me", "/v1/anpr/intake/native"):
            answer = await client.request("POST" if "intake" in path else "GET", path)
            assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/healthz", headers={"Host": "bluelamp.example:443"})).status_code == 200
        # Whatever a client says about hosts, no answer repeats it: no link or redirect can be poisoned.
        answer = await client.get("/officer", headers={"Host": "bluelamp.example", "X-Forwarded-Host": "evil.example"})
        assert "evil" not in answer.text + str(answer.headers)
