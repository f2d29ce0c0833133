"""`POST /v1/anpr/intake/{format}`: a plain ASGI application in front of the framework, since cameras knock 3,500 times a second.

Every check that costs nothing comes first; a body is read only for a source that is known, and only up to its limit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.kit.clock import Clock
from bluelamp.spine.budgets import Budget
from bluelamp.spine.errors import (
    BluelampError,
    EngineDownError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
    UnsupportedMediaError,
    render,
)

from .intake import Account, Intake
from .register import Register, SourceEntry

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/v1/anpr/intake/"
BODY_SECONDS_MAX = 60
"""A body that trickles in longer than this is given up: a stuck camera must not hold a connection for ever."""

_ONE_ACCEPTED = b'{"accepted":1,"duplicates":0,"amended":0,"without_plate":0,"rejected":[]}'
_JSON = (b"content-type", b"application/json")


class Door:
    """The ASGI application behind the intake's address."""

    def __init__(self, intake: Intake, register: Register, clock: Clock) -> None:
        self._intake = intake
        self._register = register
        self._budget = Budget(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = 202, [_JSON], await self._answer(scope, receive)
        except BluelampError as error:
            status, named, body = render(error)
            headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the intake failed on a request")  # without the body: it holds plates
            status, named, body = render(
                _UnexpectedError("the platform failed on this request; it is logged, and nothing of it may be kept")
            )
            headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise _MethodError("the intake takes POST only")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        source = self._identify(headers)
        name = scope["path"][len(PREFIX) :]
        if name not in FORMATS:
            raise _UnknownFormatError(f"there is no camera format {name[:40]!r}; there are: {', '.join(FORMATS)}")
        if name != source.format:
            raise NotThisFormatError(f"this key belongs to a source of the format {source.format!r}: send to {PREFIX}{source.format}")
        content_type = _media(headers, source)
        most = source.items_per_minute_max
        self._budget.check(source.id, most, f"{source.name} has sent its {most} items of this minute; send the rest after it")
        body = await _read(headers, receive, source.body_bytes_max)
        account = await self._intake.accept(source, body, content_type)
        self._budget.spend(source.id, account.accepted + account.duplicates + account.without_plate + len(account.rejected))
        return _encode(account)

    def _identify(self, headers: dict[bytes, bytes]) -> SourceEntry:
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        source = self._register.find(key.strip()) if scheme.lower() == b"bearer" else None
        if source is None:
            raise UnauthenticatedError("send the source's key as 'Authorization: Bearer <key>'; this one is missing, unknown or revoked")
        return source


class _MethodError(BluelampError):
    status = 405
    code = "method_not_allowed"
    headers = {"Allow": "POST"}  # noqa: RUF012


class _UnknownFormatError(NotFoundError):
    code = "unknown_format"


class _UnexpectedError(BluelampError):
    status = 500
    code = "internal"


def _media(headers: dict[bytes, bytes], source: SourceEntry) -> str:
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaError("send the body without content-encoding")
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    allowed = FORMATS[source.format].content_types
    media = content_type.partition(";")[0].strip().lower()
    if allowed and media not in allowed:
        raise UnsupportedMediaError(f"{source.format} takes {', '.join(sorted(allowed))}; this is {media or 'without a content type'!r}")
    return content_type


async def _read(headers: dict[bytes, bytes], receive: Receive, bytes_max: int) -> bytes:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > bytes_max:
        raise TooLargeError(f"the body has {int(length)} bytes; this source may send {bytes_max} at once")
    message = await receive()
    if not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > bytes_max:
            raise TooLargeError(f"the body has more than the {bytes_max} bytes this source may send at once")
        return body
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _read_rest(message, receive, bytes_max)
    except TimeoutError:
        raise _SlowError(f"the body did not arrive within {BODY_SECONDS_MAX} s; nothing was kept") from None


async def _read_rest(message: MutableMapping[str, Any], receive: Receive, bytes_max: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        if message["type"] == "http.disconnect":
            raise EngineDownError("the connection ended inside the body")
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > bytes_max:
            raise TooLargeError(f"the body has more than the {bytes_max} bytes this source may send at once")
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


class _SlowError(BluelampError):
    status = 408
    code = "too_slow"


def _encode(account: Account) -> bytes:
    if account == (1, 0, 0, 0, []):
        return _ONE_ACCEPTED
    return msgspec.json.encode(
        {
            "accepted": account.accepted,
            "duplicates": account.duplicates,
            "amended": account.amended,
            "without_plate": account.without_plate,
            "rejected": [refusal._asdict() for refusal in account.rejected],
        }
    )
