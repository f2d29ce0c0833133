"""The frame of doors for machines: plain ASGI applications in front of the framework, where a key stands in for a session.

Every check that costs nothing comes first; a body is read only for who is known, and only up to its limit in bytes and in time. Whoever
makes such a door subclasses `MachineDoor` and writes `answer`.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from bluelamp.kit.clock import Clock
from bluelamp.spine.budgets import Budget
from bluelamp.spine.errors import BluelampError, EngineDownError, TooLargeError, UnsupportedMediaError, render

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    """Without the length, which is added."""
    body: bytes


class BodyLimits(NamedTuple):
    """A body that trickles in for longer is given up: a stuck machine must not hold a connection for ever."""

    bytes_max: int
    seconds_max: float
    too_large: str
    """What is told then."""


class MachineDoor(ABC):
    """The ASGI application behind an address."""

    name: str
    """What the log calls it."""
    failed: str
    """What is told when the platform itself failed."""
    posts_only: str
    """What is told to who sends by another method than POST."""

    def __init__(self, clock: Clock) -> None:
        self.budget = Budget(clock)

    @abstractmethod
    async def answer(self, scope: Scope, headers: Headers, receive: Receive) -> Answer:
        """What is answered to a POST. Raises `BluelampError`, which is told as everywhere."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _demand_post(scope, self.posts_only)
            status, headers, body = await self.answer(scope, dict(scope["headers"]), receive)
        except BluelampError as error:
            status, headers, body = _rendered(error)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s failed on a request", self.name)  # without the body: it holds plates and people
            status, headers, body = _rendered(_UnexpectedError(self.failed))
        lines = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})


def _demand_post(scope: Scope, told: str) -> None:
    if scope["method"] != "POST":
        raise _MethodError(told)


def _rendered(error: BluelampError) -> Answer:
    status, headers, body = render(error)
    return Answer(status, [(name.lower().encode(), value.encode()) for name, value in headers.items()], body)


def bearer_key(headers: Headers) -> bytes:
    """The key of `Authorization: Bearer <key>`; empty: there is none."""
    scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" else b""


def demand_plain_body(headers: Headers) -> None:
    """Raises UnsupportedMediaError: the body is packed, and what it unpacks to has no limit."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaError("send the body without content-encoding")


async def read_body(headers: Headers, receive: Receive, limits: BodyLimits) -> bytes:
    """The whole body.

    Raises:
        TooLargeError: as it says, or as it turns out.
        EngineDownError: the connection ended in its middle.
        BluelampError (408): it took too long.
    """
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limits.bytes_max:
        raise TooLargeError(limits.too_large, bytes_max=limits.bytes_max)
    # How long the first part may take, the connection watches (`app/connection.py`, WATCH_S): a clock of its own would cost a camera's
    # request as much again.
    first = await receive()
    if not first.get("more_body") and first["type"] != "http.disconnect":
        return _within(first.get("body", b""), limits)
    try:
        async with asyncio.timeout(limits.seconds_max):
            return await _read_rest(first, receive, limits)
    except TimeoutError:
        raise _SlowError(f"the body did not arrive within {limits.seconds_max:g} s; nothing was kept") from None


def _within(body: bytes, limits: BodyLimits) -> bytes:
    if len(body) > limits.bytes_max:
        raise TooLargeError(limits.too_large, bytes_max=limits.bytes_max)
    return body


async def _read_rest(message: MutableMapping[str, Any], receive: Receive, limits: BodyLimits) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise EngineDownError("the connection ended inside the body")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.bytes_max:
            raise TooLargeError(limits.too_large, bytes_max=limits.bytes_max)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


class _MethodError(BluelampError):
    status = 405
    code = "method_not_allowed"
    headers = {"Allow": "POST"}  # noqa: RUF012


class _SlowError(BluelampError):
    status = 408
    code = "too_slow"


class _UnexpectedError(BluelampError):
    status = 500
    code = "internal"
