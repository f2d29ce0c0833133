"""The nouns of ANPR as frozen types, and the pure rules about them. No I/O."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal, NamedTuple
from zlib import crc32

import msgspec

from bluelamp.kit.ids import decode_base32, encode_base32

DateOrder = Literal["mdy", "dmy", "unknown"]
Direction = Literal["", "approaching", "away", "in", "out", "n", "ne", "e", "se", "s", "sw", "w", "nw"]
COMPASS: tuple[Direction, ...] = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


class ReadKey(NamedTuple):
    """What makes a read that read: one camera, one moment, the plate first seen.

    A camera cannot see one plate twice in a millisecond, so this needs no stored id; a random one costs 15 bytes a row.
    """

    camera: int
    captured_at: int
    first_key: int
    """CRC-32 of the VRM that the first event gave: an amendment may change the VRM, never this."""


def vrm_key(vrm: str) -> int:
    """CRC-32 of a normalised VRM: tells apart two plates that one camera saw in one millisecond."""
    return crc32(vrm.encode())


def read_id(key: ReadKey) -> str:
    """The public id of a read: 22 characters, reversible by `parse_read_id`, without the plate in clear."""
    return encode_base32(key.camera << 76 | key.captured_at << 32 | key.first_key, 22)


def parse_read_id(text: str) -> ReadKey:
    """The key behind a public id.

    Raises:
        ValueError: not an id that `read_id` makes.
    """
    if len(text) != 22:
        raise ValueError("a read id has 22 characters")
    number = decode_base32(text)
    if number >> 108:
        raise ValueError("not a read id")
    return ReadKey(number >> 76, (number >> 32) & (1 << 44) - 1, number & 0xFFFF_FFFF)


def compass(degrees: float) -> Direction:
    """A heading in degrees clockwise from north as one of eight compass points."""
    return COMPASS[round(degrees / 45) % 8]


class Picture(NamedTuple):
    """A picture as a camera sent it, untouched."""

    kind: Literal["plate", "overview"]
    content: bytes


class Capture(msgspec.Struct, gc=False, kw_only=True):
    """One camera event as its format's gateway understood it; nothing is resolved, checked or corrected yet."""

    camera: str
    """What the payload calls the camera (`external_id` in the register)."""
    plate: str
    """As sent; empty where the camera saw a vehicle and no plate."""
    captured_at: int
    """Milliseconds since the epoch, UTC."""
    confidence: float
    """0 to 1, whatever scale the vendor uses."""
    car: str = ""
    """The vendor's name for the passing vehicle: later events with the same one amend the first. Empty: no such thing."""
    seen_as: str = ""
    """The plate text the camera settled on where `plate` is already a correction of it; empty otherwise."""
    direction: Direction = ""
    lane: int = 0
    make: str = ""
    model: str = ""
    colour: str = ""
    vehicle_class: str = ""
    characters: tuple[tuple[str, float], ...] = ()
    """Per-character evidence: value and confidence 0 to 1."""
    variants: tuple[tuple[str, float], ...] = ()
    """Other plates the camera thought possible, confidence 0 to 1."""
    plate_image: bytes = b""
    overview_image: bytes = b""
    position: tuple[float, float] | None = None
    """Longitude and latitude that the camera itself claims; shown beside an unknown camera, never stored with a read."""


class Refusal(NamedTuple):
    """One item that cannot become a read, with what to do about it. It is kept among the rejects, never dropped."""

    index: int  # type: ignore[assignment] # hides tuple.index, which nobody calls on it
    code: str
    message: str


class SourceTerms(NamedTuple):
    """How to read one source's payloads: what the vendor leaves unsaid and the owner has configured."""

    timezone: tzinfo
    date_order: DateOrder | None = None
    """None: the vendor's usual order. `unknown`: refuse what is ambiguous."""


class ParsedItem(NamedTuple):
    """What became of one item of a request body: a capture or a refusal, and the item's own bytes for replay."""

    outcome: Capture | Refusal
    raw: bytes
    """The item in a form that the same gateway accepts again as a whole body; perhaps a view of the request's body."""
    place: int = 0
    """Its place in the body, as its sender counts: heartbeats and the like take a place and become no item."""


class Read(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The view of one read as the history tells it."""

    camera: int
    captured_at: int
    vrm: str
    seen_as: str
    confidence: float
    direction: str
    lane: int
    make: str
    model: str
    colour: str
    vehicle_class: str
    first_key: int = 0
    version: int = 0

    @property
    def id(self) -> str:
        """The public id; the same before and after any amendment."""
        return read_id(ReadKey(self.camera, self.captured_at, self.first_key or vrm_key(self.vrm)))
