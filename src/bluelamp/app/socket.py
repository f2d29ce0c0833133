"""One WebSocket on the server's side: `websockets` reads and checks the protocol, this joins it to the transport, with limits.

It has no task and no queue, so ten thousand that rest cost 3 KB each (docs/live.md). Compression is off: it would cost
each of them its own window.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp, Message
from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.server import ServerProtocol

from bluelamp.app.frame import HEADER_LINES
from bluelamp.spine.errors import PROBLEM, problem
from bluelamp.spine.sockets import EXTENSION, MESSAGE_BYTES_MAX, Listener

log = logging.getLogger(__name__)
_quiet = logging.getLogger("bluelamp.socket.protocol")
_quiet.setLevel(logging.ERROR)

CLOSE_S_MAX = 5.0
"""How long the other side may take to answer our goodbye."""
WRITE_S_MAX = 60.0
"""A reader that takes nothing for so long is let go."""
GOODBYE = b"\x88"
"""First byte of a closing frame."""
BUFFER_BYTES = 64 << 10
"""What waits for a slow reader before it counts as paused."""


class LiveSocket(asyncio.Protocol):
    """`spine.sockets.Opening`, then `Socket`. Takes the transport over from the HTTP connection that asked for it."""

    __slots__ = ("_closing", "_connections", "_head", "_kept", "_listener", "_loop", "_stalled", "_wire", "heard_at", "paused", "transport")

    def __init__(self, transport: asyncio.Transport, head: Request, connections: set[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self.paused = False
        self.heard_at = loop.time()
        self._loop = loop
        self._head: Request | None = head
        """What was asked, until it is answered."""
        self._connections = connections
        self._wire: Protocol | None = None
        self._listener: Listener | None = None
        self._kept: list[bytes] = []
        """Frames of a message that is not whole yet."""
        self._stalled: asyncio.TimerHandle | None = None
        self._closing: asyncio.TimerHandle | None = None
        connections.add(self)
        transport.pause_reading()  # RFC 6455: nothing comes before the answer; what does anyway must wait
        transport.set_protocol(self)

    # The opening

    def accept(self) -> LiveSocket | None:
        if self._head is None or self.transport.is_closing():
            return None
        answer = ServerProtocol(logger=_quiet).accept(self._head)
        self._head = None
        if answer.status_code != 101:
            code = "upgrade_required" if answer.status_code == 426 else "bad_request"
            self._answer(answer.status_code, code, "this is no opening of a WebSocket as RFC 6455 describes it")
            return None
        lines = b"".join(b"%b: %b\r\n" % (name.encode(), value.encode()) for name, value in answer.headers.raw_items())
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n" + lines + b"\r\n")
        self._wire = Protocol(SERVER, state=OPEN, max_size=MESSAGE_BYTES_MAX, logger=_quiet)
        return self

    def listen(self, listener: Listener) -> None:
        self._listener = listener
        self.transport.resume_reading()

    async def refuse(self, message: Message) -> None:
        """ASGI's `send`, for a door that answers instead of accepting: the messages of an HTTP answer."""
        kind = message["type"].removeprefix("websocket.")
        if kind == "http.response.start":
            head = b"".join(b"%b: %b\r\n" % line for line in message["headers"])
            self.transport.write(b"HTTP/1.1 %d \r\n%bconnection: close\r\n\r\n" % (message["status"], head))
        elif kind == "http.response.body":
            self.transport.write(message.get("body", b""))
            if not message.get("more_body", False):
                self._head = None
                self.transport.close()
        elif kind == "close" and self._head is not None:  # the framework knows no such address
            self._answer(404, "not_found", "there is no WebSocket at this address")

    def _answer(self, status: int, code: str, detail: str) -> None:
        self._head = None
        body = problem(status, code, detail)
        lines = [(b"content-type", PROBLEM.encode()), (b"content-length", str(len(body)).encode()), *HEADER_LINES]
        self.transport.write(
            b"HTTP/1.1 %d \r\n%bconnection: close\r\n\r\n" % (status, b"".join(b"%b: %b\r\n" % line for line in lines)) + body
        )
        self.transport.close()

    # Open

    def send(self, frame: bytes) -> None:
        if self._closing is None:
            self.transport.write(frame)

    def ping(self) -> None:
        self.send(b"\x89\x00")

    def close(self, code: int, reason: str = "") -> None:
        if self._closing is not None or self._wire is None:
            return
        if self._wire.state is OPEN:
            self._wire.send_close(code, reason)
        self._flush()
        self._leave()

    def shutdown(self) -> None:
        """The server ends: uvicorn's word."""
        if self._wire is None:
            self.transport.close()
        self.close(CloseCode.SERVICE_RESTART)

    def data_received(self, data: bytes) -> None:
        wire = self._wire
        if wire is None:
            self.transport.abort()
            return
        self.heard_at = self._loop.time()
        wire.receive_data(data)
        if self._closing is not None:
            wire.events_received()  # what still comes is dropped; the parser sees to the other side's goodbye
        else:
            for event in wire.events_received():
                if isinstance(event, Frame):
                    self._take(event)
        self._flush()
        if wire.state is not OPEN and self._closing is None:
            self._leave()
        if wire.close_rcvd is not None and wire.close_sent is not None:
            self.transport.close()

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT} or self._closing is not None:
            return
        message = bytes(frame.data)
        if not frame.fin or self._kept:
            self._kept.append(message)
            if not frame.fin:
                return
            message, self._kept = b"".join(self._kept), []
        if self._listener is not None:
            try:
                self._listener.heard(message)
            except Exception:
                log.exception("a message was not understood for a fault of ours")
                self.close(CloseCode.INTERNAL_ERROR)

    def _flush(self) -> None:
        """What the protocol itself has to say: pongs and goodbyes. Who takes nothing gets no pongs either, however many are asked for."""
        assert self._wire is not None  # noqa: S101 - tells the type checker
        said = self._wire.data_to_send()
        if said:
            self.transport.write(b"".join(frame for frame in said if not self.paused or frame[:1] == GOODBYE))

    def _leave(self) -> None:
        """The goodbye is said: wait a little for the other side's, reading what it still sends, so that ours is not lost to a reset."""
        self._kept.clear()
        self._closing = self._loop.call_later(CLOSE_S_MAX, self.transport.abort)

    def pause_writing(self) -> None:
        self.paused = True
        if self._stalled is None:
            self._stalled = self._loop.call_later(WRITE_S_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        self.paused = False
        self._release()
        if self._listener is not None and self._closing is None:
            self._listener.drained()

    def _release(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self._head = None
        self._release()
        if self._closing is None:
            self._closing = self._loop.call_later(0, lambda: None)
        else:
            self._closing.cancel()
        self._connections.discard(self)
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener.lost()


def open_socket(
    app: ASGIApp, scope: dict[str, Any], url: bytes, transport: asyncio.Transport, connections: set[Any], loop: asyncio.AbstractEventLoop
) -> asyncio.Task[None]:
    """Hand a connection whose head asks for a WebSocket to the application; the task ends with the answer, not with the socket.

    `scope` is the HTTP one as far as it was made, `url` the target of the request.
    """
    lines = Headers()
    for name, value in scope["headers"]:
        lines[name.decode("latin-1")] = value.decode("latin-1")
    socket = LiveSocket(transport, Request(url.decode("latin-1"), lines, method=scope["method"]), connections, loop)
    target = httptools.parse_url(url)
    asked = scope | {
        "type": "websocket",
        "scheme": "wss" if scope["scheme"] == "https" else "ws",
        "path": unquote(target.path.decode("ascii")),
        "raw_path": target.path,
        "query_string": target.query or b"",
        "subprotocols": [],
        "extensions": {EXTENSION: socket},
    }
    return loop.create_task(_answered(app, asked, socket))


async def _answered(app: ASGIApp, scope: dict[str, Any], socket: LiveSocket) -> None:
    async def receive() -> Message:
        return {"type": "websocket.connect"}

    try:
        await app(scope, receive, socket.refuse)
    except Exception:
        log.exception("a WebSocket could not be opened")
        if not socket.transport.is_closing():
            socket.transport.abort()
