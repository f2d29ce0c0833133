"""MP4 and QuickTime by their boxes (ISO/IEC 14496-12 section 4.2): whether they are whole, how large the picture is, when and where taken.

Nothing is decoded: a film is bytes to the platform, and only its directory (`moov`) is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bluelamp.incidents.media.errors import MediaDamagedError
from bluelamp.incidents.media.formats import BOXES_MAX

MOOV_BYTES_MAX = 16 << 20
DEPTH_MAX = 6
EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
CONTAINERS = frozenset({b"trak", b"udta"})
_ISO6709 = re.compile(rb"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")
Read = Callable[[int, int], Awaitable[bytes]]
"""start, length -> content."""


class Film(NamedTuple):
    width: int
    height: int
    says: dict[str, Any]


async def examine_film(read: Read, size: int) -> Film:
    """Raises MediaDamagedError: its boxes do not fill it, or it has no directory or no content."""
    seen: set[bytes] = set()
    at = boxes = 0
    film = Film(0, 0, {})
    while at < size:
        head = await read(at, min(16, size - at))
        length, kind, inner = _box(head, size - at)
        boxes += 1
        if boxes > BOXES_MAX or length > size - at:
            raise MediaDamagedError("the film ends before its parts do: send it again, whole")
        seen.add(kind)
        if kind == b"moov":
            if length > MOOV_BYTES_MAX:
                raise MediaDamagedError("the film's directory is larger than any phone makes it: cut it into shorter films")
            film = _directory(await read(at + inner, length - inner))
        at += length
    if not seen >= {b"moov", b"mdat"}:
        raise MediaDamagedError("the film has no directory or no content: have the device finish it, then send it again")
    return film


def _box(head: bytes, left: int) -> tuple[int, bytes, int]:
    """Length, kind and length of the head of a box."""
    if len(head) < 8:
        raise MediaDamagedError("the film ends within a part: send it again, whole")
    length, kind, inner = int.from_bytes(head[:4], "big"), head[4:8], 8
    if length == 1:
        length, inner = int.from_bytes(head[8:16], "big"), 16
    elif length == 0:
        length = left
    if length < inner:
        raise MediaDamagedError("the film's parts are not of their own length: send it again")
    return length, kind, inner


def _boxes(content: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Boxes within a directory, containers opened. One that does not fit ends the walk: only what is told of the film depends on it."""
    at = 0
    while at + 8 <= len(content):
        try:
            length, kind, inner = _box(content[at : at + 16], len(content) - at)
        except MediaDamagedError:
            return
        body = content[at + inner : at + length]
        yield kind, body
        if kind in CONTAINERS and depth < DEPTH_MAX:
            yield from _boxes(body, depth + 1)
        at += length


def _directory(content: bytes) -> Film:
    width = height = 0
    says: dict[str, Any] = {}
    for kind, body in _boxes(content):
        if kind == b"tkhd" and len(body) >= 84 and not width:
            width, height = _turned(body)
        elif kind == b"mvhd" and len(body) >= 12:
            created = int.from_bytes(body[4:12] if body[0] == 1 else body[4:8], "big")
            if 0 < created < 1 << 33:
                says["taken_at"] = (EPOCH + timedelta(seconds=created)).isoformat()
        elif kind == b"\xa9xyz" and (found := _ISO6709.match(body[4:60])):
            latitude, longitude = float(found[1]), float(found[2])
            if abs(latitude) <= 90 and abs(longitude) <= 180:
                says["latitude"], says["longitude"] = latitude, longitude
    return Film(width, height, says)


def _turned(body: bytes) -> tuple[int, int]:
    """Width and height of a track as it is shown: its matrix says whether it is turned a quarter."""
    width, height = (int.from_bytes(body[at : at + 4], "big") >> 16 for at in (len(body) - 8, len(body) - 4))
    a, b = (int.from_bytes(body[at : at + 4], "big", signed=True) for at in (len(body) - 44, len(body) - 40))
    return (height, width) if not a and b else (width, height)
