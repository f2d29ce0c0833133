"""One HTTP connection with limits that the server beneath has none for: heads, slow bodies, slow readers, how many at once.

Applied where bytes arrive, so that every door has them, also those before the framework. A request that arrives whole costs
two assignments and a comparison.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bluelamp.app.frame import HEADER_LINES
from bluelamp.app.socket import WRITE_S_MAX as WRITE_S_MAX  # noqa: PLC0414 - the same for every reader
from bluelamp.app.socket import open_socket
from bluelamp.spine.errors import PROBLEM, problem

HEAD_BYTES_MAX = 32 << 10
HEADERS_MAX = 100
URL_BYTES_MAX = 8 << 10
HEAD_S_MAX = 20.0
"""From the first byte of a connection or request to the end of its head."""
WATCH_S = 10.0
BODY_BYTES_PER_WATCH_MIN = 5 << 10
"""A body that brings less than this in two watches in a row is given up: half a kilobyte a second is slower than any camera's line."""
CONNECTIONS_MAX = 20_000

_IDLE, _HEAD, _BODY = range(3)


class _Refusal:
    """An application that says one thing."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.raw = _raw(status, code, detail)
        self._status, self._body = status, problem(status, code, detail)

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self._status, "headers": _lines(self._body)})
        await send({"type": "http.response.body", "body": self._body})


def _lines(body: bytes) -> list[tuple[bytes, bytes]]:
    told = [(b"content-type", PROBLEM.encode()), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    return [*told, *HEADER_LINES]


def _raw(status: int, code: str, detail: str) -> bytes:
    body = problem(status, code, detail)
    head = b"".join(b"%b: %b\r\n" % line for line in _lines(body))
    return b"HTTP/1.1 %d \r\n%b\r\n%b" % (status, head, body)


HEAD_TOO_LARGE = _Refusal(
    431, "headers_too_large", f"a request has at most {HEADERS_MAX} header lines of {HEAD_BYTES_MAX} bytes in all; send fewer"
)
URL_TOO_LONG = _Refusal(414, "url_too_long", f"an address has at most {URL_BYTES_MAX} bytes; put long questions into a body")
NOT_HTTP = _Refusal(400, "bad_request", "this is not HTTP as the platform understands it")
TOO_SLOW = _Refusal(408, "too_slow", "the request did not arrive in time; send it again")
TOO_MANY = _Refusal(503, "too_many_connections", "the platform has as many connections as it takes; come back in a moment")


class Connection(HttpToolsProtocol):
    """Given to uvicorn as its HTTP protocol."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._phase = _IDLE
        self._head_bytes = 0
        self._arrived = 0
        """Bytes since the last watch."""
        self._slow = 0
        """Watches in a row that found too little."""
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            self._leave(TOO_MANY)
            return
        self._timer = self.loop.call_later(HEAD_S_MAX, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._phase != _BODY:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._phase == _IDLE:
            return
        self._arrived += len(data)
        if self._phase == _HEAD and self._head_bytes > HEAD_BYTES_MAX:
            self._leave(HEAD_TOO_LARGE)
        elif self._timer is None:
            self._arm()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _HEAD

    def on_headers_complete(self) -> None:
        self._phase = _BODY
        self._disarm()
        refusal = self._refusal()
        self._head_bytes = 0
        if refusal is not None and self.parser.should_upgrade() and self._should_upgrade():
            self._leave(refusal)
            return
        if refusal is None:
            super().on_headers_complete()
            return
        asked, self.app = self.app, refusal
        super().on_headers_complete()
        self.app = asked

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._phase = _IDLE
        self._disarm()

    def _should_upgrade(self) -> bool:
        return self._get_upgrade() == b"websocket"

    def handle_websocket_upgrade(self) -> None:
        """Over to `app/socket.py`: this object and its parser go."""
        self._phase = _IDLE
        self._disarm()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._leave(NOT_HTTP)
            return
        self._release()
        self.connections.discard(self)
        task = open_socket(self.app, dict(self.scope), self.url, self.transport, self.connections, self.loop)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(WRITE_S_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        self._release()
        super().resume_writing()

    def send_400_response(self, _msg: str) -> None:
        """What cannot be parsed is answered in the shape of every other failure."""
        self._leave(NOT_HTTP)

    def _refusal(self) -> _Refusal | None:
        """What is wrong with the head that has just ended."""
        if len(self.url) > URL_BYTES_MAX:
            return URL_TOO_LONG
        if len(self.headers) > HEADERS_MAX:
            return HEAD_TOO_LARGE
        # What arrived with the head may be the body: only a large read is worth counting.
        if self._head_bytes > HEAD_BYTES_MAX and sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES_MAX:
            return HEAD_TOO_LARGE
        return None

    def _arm(self) -> None:
        if self._phase == _HEAD:
            self._timer = self.loop.call_later(HEAD_S_MAX, self._head_is_late)
        else:
            self._arrived = 0
            self._timer = self.loop.call_later(WATCH_S, self._watch)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._slow = 0

    def _release(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _head_is_late(self) -> None:
        self._timer = None
        self._leave(TOO_SLOW)

    def _watch(self) -> None:
        """How much of the body came since the last look."""
        self._timer = None
        if self.transport.is_closing() or self._phase != _BODY:
            return
        # Where we stopped reading, the silence is ours.
        slow = self._arrived < BODY_BYTES_PER_WATCH_MIN and not self.flow.read_paused
        self._slow = self._slow + 1 if slow else 0
        if self._slow >= 2:
            self._leave(TOO_SLOW)
        else:
            self._arm()

    def _leave(self, refusal: _Refusal) -> None:
        """Say why, if nothing was answered yet, and close."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(refusal.raw)
        self.transport.close()


SERVER: dict[str, Any] = {
    "http": Connection,
    "ws": "none",
    "lifespan": "on",
    "access_log": False,
    "log_config": None,
    "server_header": False,
    # Longer than clients and proxies commonly keep a connection that rests: one that we close just as a request sets out loses it.
    "timeout_keep_alive": 75,
}
"""How the platform is served wherever it is: options of uvicorn."""
