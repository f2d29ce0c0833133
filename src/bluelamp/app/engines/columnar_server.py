"""ClickHouse's HTTP interface in front of chDB, in a process of its own: the same door that a cluster gives.

    python -m bluelamp.app.engines.columnar_server --data DIR --port N

The password comes in BLUELAMP_COLUMNAR_PASSWORD. See docs/engines.md for what of the interface is served.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import hmac
import json
import logging
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.requests import Request as FormRequest

from bluelamp.app.engines.columnar_bodies import Inflater, inflater
from bluelamp.app.engines.columnar_engine import Answer, Engine
from bluelamp.app.engines.columnar_errors import ColumnarError
from bluelamp.app.engines.columnar_statement import (
    INSERT_HEAD_BYTES_MAX,
    STATEMENT_BYTES_MAX,
    Insert,
    Request,
    read_request,
    split_insert,
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)
USER = "bluelamp"
# Appended to the engine in pieces: large enough that thread hand-overs do not count, small enough to bound memory.
PIECE_BYTES = 1 << 20


class ColumnarServer:
    """The ASGI application."""

    def __init__(self, folder: Path, password: str) -> None:
        self._folder = folder
        self._password = password.encode()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise ColumnarError(1002, "The engine is not open.")
        return self._engine

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._engine = await asyncio.to_thread(Engine, self._folder)
        except RuntimeError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._engine.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"] == "/ping":
            await _send_whole(send, 200, [], b"Ok.\n")
            return
        query_id = str(uuid.uuid4())
        started = time.monotonic()
        try:
            items = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            self._authenticate(dict(items), headers)
            body = _Body(receive, inflater(headers.get("content-encoding", "")))
            if headers.get("content-type", "").startswith("multipart/form-data"):
                items += await _form_items(scope, receive)
                body = _Body(receive, None, at_end=True)
            request = read_request(items, lambda name: headers.get(name, ""), self.engine.known_settings)
            request = _named(request, query_id, read_only=scope["method"] in {"GET", "HEAD"})
            answer = await self._run(request, body)
            await self._send_answer(send, answer, query_id, started)
        except ColumnarError as error:
            await _send_whole(
                send,
                error.status,
                [(b"x-clickhouse-exception-code", str(error.code).encode()), (b"x-clickhouse-query-id", query_id.encode())],
                error.text.encode(),
            )

    async def _run(self, request: Request, body: _Body) -> Answer:
        head = await body.head(INSERT_HEAD_BYTES_MAX)
        insert = split_insert(request.query.encode(), head)
        if insert is not None:
            return await self.engine.insert(request, insert.statement, insert.format, _pieces(insert, body))
        text = await body.whole(STATEMENT_BYTES_MAX)
        statement = "\n".join(part for part in (request.query, text.decode("utf-8", "replace")) if part)
        if not statement.strip():
            raise ColumnarError(62, "Empty query. (SYNTAX_ERROR)")
        gone = asyncio.Event()
        listener = asyncio.create_task(body.listen(gone))
        try:
            return await self.engine.run(request, statement, gone)
        finally:
            listener.cancel()

    async def _send_answer(self, send: Send, answer: Answer, query_id: str, started: float) -> None:
        summary = {
            "read_rows": str(answer.rows_read),
            "read_bytes": str(answer.bytes_read),
            "written_rows": str(answer.rows_written),
            "written_bytes": str(answer.bytes_written),
            "elapsed_ns": str(int((time.monotonic() - started) * 1e9)),
        }
        headers = [
            (b"x-clickhouse-query-id", query_id.encode()),
            (b"x-clickhouse-timezone", self.engine.timezone.encode()),
            (b"x-clickhouse-summary", json.dumps(summary).encode()),
        ]
        if answer.has_rows:
            headers.append((b"x-clickhouse-format", answer.format.encode()))
        if answer.rest is None:
            await _send_whole(send, 200, headers, answer.first)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            await send({"type": "http.response.body", "body": answer.first, "more_body": True})
            # A failure from here on breaks the chunked answer off, so that no client takes it for complete.
            async for piece in answer.rest:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except ColumnarError as error:
            log.warning("answer broken off: %s", error.message)
            raise ConnectionAbortedError(error.message) from error
        finally:
            await answer.rest.aclose()  # type: ignore[attr-defined]

    def _authenticate(self, parameters: dict[str, str], headers: dict[str, str]) -> None:
        user, key = headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", "")
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                user, key = "", ""
        elif not key:
            user, key = parameters.get("user", ""), parameters.get("password", "")
        right = hmac.compare_digest(key.encode(), self._password)
        if not right or user not in {USER, "default"}:
            raise ColumnarError(516, "Authentication failed: password is incorrect, or there is no such user. (AUTHENTICATION_FAILED)")


class _Body:
    """The request's body: read as needed, inflated on the way."""

    def __init__(self, receive: Receive, inflate: Inflater | None, *, at_end: bool = False) -> None:
        self._receive = receive
        self._inflate = inflate
        self._at_end = at_end
        self._held = bytearray()

    async def _more(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ColumnarError(210, "The client hung up while sending. (NETWORK_ERROR)")
        data: bytes = message.get("body", b"")
        self._at_end = not message.get("more_body", False)
        return self._inflate(data) if self._inflate else data

    async def head(self, size: int) -> bytes:
        """The first bytes, at least `size` if there are so many; they stay to be read."""
        while len(self._held) < size and not self._at_end:
            self._held += await self._more()
        return bytes(self._held)

    async def whole(self, size_max: int) -> bytes:
        """All of it, refused beyond `size_max`."""
        while not self._at_end:
            self._held += await self._more()
            if len(self._held) > size_max:
                raise ColumnarError(307, f"The statement is longer than {size_max} bytes. (TOO_MANY_BYTES)")
        return bytes(self._held)

    async def rest(self) -> AsyncIterator[bytes]:
        """What follows the head, in pieces of about PIECE_BYTES."""
        self._held.clear()
        while not self._at_end:
            self._held += await self._more()
            if len(self._held) >= PIECE_BYTES:
                yield bytes(self._held)
                self._held.clear()
        if self._held:
            yield bytes(self._held)

    async def listen(self, gone: asyncio.Event) -> None:
        """Set `gone` when the caller hangs up; only after the whole body was read."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            gone.set()


async def _pieces(insert: Insert, body: _Body) -> AsyncIterator[bytes]:
    if insert.first:
        yield insert.first
    async for piece in body.rest():
        yield piece


async def _form_items(scope: Message, receive: Receive) -> list[tuple[str, str]]:
    form = await FormRequest(scope, receive).form(max_part_size=STATEMENT_BYTES_MAX, max_fields=1000, max_files=0)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _named(request: Request, query_id: str, *, read_only: bool) -> Request:
    # As a ClickHouse server does: GET may not change anything.
    settings = {"readonly": "2", **request.settings} if read_only else request.settings
    return Request(request.query, request.database, request.default_format, query_id, settings, request.parameters)


async def _send_whole(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    fixed = [(b"content-type", b"text/plain; charset=UTF-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + fixed})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    password = os.environ.pop("BLUELAMP_COLUMNAR_PASSWORD", "")
    if not password:
        parser.error("BLUELAMP_COLUMNAR_PASSWORD is empty: the engine never serves without a password")
    uvicorn.run(
        ColumnarServer(arguments.data, password),
        host=arguments.host,
        port=arguments.port,
        lifespan="on",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=600,
        timeout_graceful_shutdown=20,
        # A plate list of thousands travels in one URL parameter.
        h11_max_incomplete_event_size=1 << 20,
    )


if __name__ == "__main__":
    main()
