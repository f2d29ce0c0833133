"""Bounds request bodies as they stream in: declared, chunked or compressed, nothing larger than allowed is ever held."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bluelamp.spine.errors import BluelampError, TooLargeError, UnsupportedMediaError, render

INFLATED_CHUNK_MAX = 256 << 10
CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content codings that are inflated, with zlib's window bits."""


class _Stopped(Exception):  # noqa: N818 - a signal to unwind the application, never told
    """The body broke its limit: nobody downstream shall answer."""


class BodyLimit:
    """Middleware. Imports are streamed and may be large; everything else is bounded by `bytes_max`, counted after inflating."""

    def __init__(self, app: ASGIApp, bytes_max: int, import_bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._import_bytes_max = import_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = self._import_bytes_max if scope["path"].endswith("/import") else self._bytes_max
        coding = headers.get("content-encoding", "identity").strip().lower()
        refusal: BluelampError | None = None
        if coding not in CODINGS and coding != "identity":
            refusal = UnsupportedMediaError("send the body as it is, or compressed with gzip or deflate")
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            refusal = _too_large(most)
        if refusal is not None:
            await _tell(send, receive, refusal)
            return
        await self._bounded(scope, receive, send, most, coding)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, most: int, coding: str) -> None:
        body = _Body(receive, most, CODINGS.get(coding))
        answered = False

        async def guarded(message: Message) -> None:
            nonlocal answered
            if body.refusal is not None and not answered:
                raise _Stopped
            answered = True
            await send(message)

        if coding != "identity":
            dropped = (b"content-encoding", b"content-length")
            scope = dict(scope) | {"headers": [(n, v) for n, v in scope["headers"] if n.lower() not in dropped]}
        try:
            await self._app(scope, body.receive, guarded)
        except _Stopped:
            pass
        except Exception:
            if body.refusal is None or answered:
                raise
        if body.refusal is not None and not answered:
            await _tell(send, receive, body.refusal)


class _Body:
    """The request's body on its way in."""

    def __init__(self, receive: Receive, most: int, window_bits: int | None) -> None:
        self._receive = receive
        self._most = most
        self._inflate = zlib.decompressobj(window_bits) if window_bits is not None else None
        self._seen = 0
        self._more = True
        self.refusal: BluelampError | None = None

    async def receive(self) -> Message:
        if self._inflate is not None and self._inflate.unconsumed_tail:
            return self._message(self._inflated(self._inflate.decompress, self._inflate.unconsumed_tail))
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        self._more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        if self._inflate is not None:
            chunk = self._inflated(self._inflate.decompress, chunk)
        return self._message(chunk)

    def _inflated(self, inflate: Callable[[bytes, int], bytes], chunk: bytes) -> bytes:
        try:
            return inflate(chunk, INFLATED_CHUNK_MAX)
        except zlib.error as error:
            self.refusal = BluelampError("the body is not compressed as its header says")
            raise _Stopped from error

    def _message(self, chunk: bytes) -> Message:
        self._seen += len(chunk)
        if self._seen > self._most:
            self.refusal = _too_large(self._most)
            raise _Stopped
        pending = self._inflate is not None and bool(self._inflate.unconsumed_tail)
        if self._inflate is not None and not self._more and not pending and not self._inflate.eof and self._seen:
            self.refusal = BluelampError("the compressed body ends too early")
            raise _Stopped
        return {"type": "http.request", "body": chunk, "more_body": self._more or pending}


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than the {most} bytes allowed here", bytes_max=most)


LINGER_S_MAX = 5.0
LINGER_BYTES_MAX = 128 << 20


async def _tell(send: Send, receive: Receive, error: BluelampError) -> None:
    """Answer at once, then close.

    What is still on its way is read and dropped for a moment: closing on a client that is still sending would reset the
    connection, and it would never see the answer.
    """
    status, headers, body = render(error)
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    lines += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    dropped = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S_MAX):
            while dropped < LINGER_BYTES_MAX:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    break
                dropped += len(message.get("body", b""))
    await send({"type": "http.response.body", "body": b""})
