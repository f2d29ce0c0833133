"""What is said on the live stream, in both directions; encoded once for however many hear it, for WebSockets and for server-sent events."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.sockets import text_frame

INCIDENTS_FOLLOWED_MAX = 200
CURSOR_CHARS_MAX = 600

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=36, pattern="^[0-9A-Za-z]+$")]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Window = tuple[Longitude, Latitude, Longitude, Latitude]
"""West, south, east, north; west greater than east reaches across the 180th meridian."""


class Follow(msgspec.Struct, tag="follow", frozen=True):
    """What the device wants from here on; the last one holds."""

    incidents: Annotated[list[Id], msgspec.Meta(max_length=INCIDENTS_FOLLOWED_MAX)] = []
    agency: bool = False
    """All that the caller's agency sees."""
    window: Window | None = None
    """Positions in this box, beside those of the incidents."""
    mine: bool = False
    """The caller's own list: what comes on it and leaves it, and when their unit is sent or stands otherwise."""
    since: Annotated[str, msgspec.Meta(max_length=CURSOR_CHARS_MAX)] | None = None
    """The last cursor that the device has; none: from now on."""


class Ping(msgspec.Struct, tag="ping", frozen=True):
    """Answered with `pong`: for a device that wants to know whether the line is alive."""


class OwnPosition(msgspec.Struct, tag="position", frozen=True):
    """Where the device is, by its own clock."""

    at: str
    latitude: float
    longitude: float
    sent_at: str | None = None
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None


said = msgspec.json.Decoder(Follow | Ping | OwnPosition)
"""Raises `msgspec.MsgspecError` for whatever else a client says."""


class Frame:
    """One thing to say. `text` is its JSON."""

    __slots__ = ("_sse", "_wire", "cursor", "kind", "text")

    def __init__(self, kind: str, text: bytes, cursor: str = "") -> None:
        self.kind = kind
        self.text = text
        self.cursor = cursor
        self._wire: bytes | None = None
        self._sse: bytes | None = None

    @property
    def wire(self) -> bytes:
        """As a WebSocket's frame."""
        if self._wire is None:
            self._wire = text_frame(self.text)
        return self._wire

    @property
    def sse(self) -> bytes:
        """As a server-sent event."""
        if self._sse is None:
            number = b"id: %b\n" % self.cursor.encode() if self.cursor else b""
            self._sse = b"event: %b\n%bdata: %b\n\n" % (self.kind.encode(), number, self.text)
        return self._sse


def _frame(kind: str, cursor: str = "", **members: object) -> Frame:
    told = {"type": kind, **({"cursor": cursor} if cursor else {}), **members}
    return Frame(kind, msgspec.json.encode(told), cursor)


def ready(cursor: str, now_ms: int, incidents: list[str], *, resumed: bool) -> Frame:
    """The answer to `follow`. `incidents`: those of the wanted that the caller sees; `resumed` false: load anew what is shown."""
    return _frame("ready", cursor, server_time=to_rfc3339(now_ms), incidents=incidents, resumed=resumed)


def event(cursor: str, shown: bytes) -> Frame:
    return Frame("event", b'{"type":"event","cursor":"%b","event":%b}' % (cursor.encode(), shown), cursor)


def passing(kind: str, payload: bytes) -> Frame:
    """Told now or never: no cursor leads back to it."""
    return Frame(kind, b'{"type":"%b","%b":%b}' % (kind.encode(), kind.encode(), payload))


def positions(items: list[bytes]) -> Frame:
    return Frame("positions", b'{"type":"positions","items":[%b]}' % b",".join(items))


def heartbeat(now_ms: int, cursor: str = "") -> Frame:
    """`cursor`: all up to here was told; nothing between the last event and it was for this device."""
    return _frame("heartbeat", cursor, server_time=to_rfc3339(now_ms))


def removed(incident: str, cursor: str = "") -> Frame:
    """The caller sees this incident no more, or never did."""
    return _frame("removed", cursor, incident=incident)


def listed(row: bytes) -> Frame:
    """An open incident that the caller sees is new on their list, or stands differently in it. `row`: its JSON."""
    return Frame("listed", b'{"type":"listed","incident":%b}' % row)


def unlisted(incident: str) -> Frame:
    """It is open no more, or not the caller's to see."""
    return _frame("unlisted", incident=incident)


def mine() -> Frame:
    """Something about the caller's unit or list has changed: ask `GET /v1/incidents/me`."""
    return _frame("mine")


def signed_out() -> Frame:
    return _frame("signed_out")


def pong(now_ms: int) -> Frame:
    return _frame("pong", server_time=to_rfc3339(now_ms))


def refused(code: str, detail: str) -> Frame:
    """What the device said was not understood or not taken; the line stays open."""
    return _frame("refused", code=code, detail=detail)


def untracked() -> Frame:
    """The own position was not taken or kept: the person is off duty or crews nothing. Stop sending until that changes."""
    return _frame("untracked")
