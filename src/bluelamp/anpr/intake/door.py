"""`POST /v1/anpr/intake/{format}`: a plain ASGI application in front of the framework, since cameras knock 3,500 times a second.

The frame is that of all doors for machines (`spine/machine_door.py`): every check that costs nothing comes first.
"""

from __future__ import annotations

import msgspec

from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.kit.clock import Clock
from bluelamp.spine.errors import NotFoundError, UnauthenticatedError, UnsupportedMediaError
from bluelamp.spine.machine_door import (
    Answer,
    BodyLimits,
    Headers,
    MachineDoor,
    Receive,
    Scope,
    bearer_key,
    demand_plain_body,
    read_body,
)

from .intake import Account, Intake
from .register import Register, SourceEntry

PREFIX = "/v1/anpr/intake/"
BODY_SECONDS_MAX = 60

_ONE_ACCEPTED = b'{"accepted":1,"duplicates":0,"amended":0,"without_plate":0,"rejected":[]}'
_JSON = [(b"content-type", b"application/json")]


class Door(MachineDoor):
    """The ASGI application behind the intake's address."""

    name = "the intake"
    failed = "the platform failed on this request; it is logged, and nothing of it may be kept"
    posts_only = "the intake takes POST only"

    def __init__(self, intake: Intake, register: Register, clock: Clock) -> None:
        super().__init__(clock)
        self._intake = intake
        self._register = register

    async def answer(self, scope: Scope, headers: Headers, receive: Receive) -> Answer:
        source = self._identify(headers)
        name = scope["path"][len(PREFIX) :]
        if name not in FORMATS:
            raise _UnknownFormatError(f"there is no camera format {name[:40]!r}; there are: {', '.join(FORMATS)}")
        if name != source.format:
            raise NotThisFormatError(f"this key belongs to a source of the format {source.format!r}: send to {PREFIX}{source.format}")
        content_type = _media(headers, source)
        most = source.items_per_minute_max
        self.budget.check(source.id, most, f"{source.name} has sent its {most} items of this minute; send the rest after it")
        largest = source.body_bytes_max
        limits = BodyLimits(largest, BODY_SECONDS_MAX, f"the body has more than the {largest} bytes that this source may send at once")
        account = await self._intake.accept(source, await read_body(headers, receive, limits), content_type)
        self.budget.spend(source.id, account.accepted + account.duplicates + account.without_plate + len(account.rejected))
        return Answer(202, _JSON, _encode(account))

    def _identify(self, headers: Headers) -> SourceEntry:
        key = bearer_key(headers)
        source = self._register.find(key) if key else None
        if source is None:
            raise UnauthenticatedError("send the source's key as 'Authorization: Bearer <key>'; this one is missing, unknown or revoked")
        return source


class _UnknownFormatError(NotFoundError):
    code = "unknown_format"


def _media(headers: Headers, source: SourceEntry) -> str:
    demand_plain_body(headers)
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    allowed = FORMATS[source.format].content_types
    media = content_type.partition(";")[0].strip().lower()
    if allowed and media not in allowed:
        raise UnsupportedMediaError(f"{source.format} takes {', '.join(sorted(allowed))}; this is {media or 'without a content type'!r}")
    return content_type


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
