"""`native`: the platform's own format, as one JSON object, an array, or one object a line (NDJSON)."""

from __future__ import annotations

import binascii
from datetime import datetime

import msgspec
import pybase64

from bluelamp.anpr.domain import Capture, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload
from bluelamp.anpr.gateways.clocks import EPOCH, MILLISECOND, local_ms
from bluelamp.anpr.gateways.items import UNREADABLE, BadItemError, bounded, counted, each, json_views
from bluelamp.anpr.gateways.words import alternatives, direction_word, heading, label, plate_text

NDJSON = "application/x-ndjson"

_ABSENT = msgspec.Raw(b"null")
_QUOTE = ord('"')


class Character(msgspec.Struct, gc=False):
    value: str
    confidence: float


class Variant(msgspec.Struct, gc=False):
    vrm: str
    confidence: float


class Item(msgspec.Struct, gc=False):
    """One read as a native sender writes it; the fields are those of the intake contract."""

    camera: str | int
    vrm: str | None
    captured_at: datetime
    confidence: float
    id: str | int | None = None
    direction: str | float | None = None
    lane: int | None = None
    make: str | None = None
    model: str | None = None
    colour: str | None = None
    vehicle_class: str | None = msgspec.field(default=None, name="class")
    characters: list[Character] | None = None
    variants: list[Variant] | None = None
    plate_image: msgspec.Raw = _ABSENT
    overview_image: msgspec.Raw = _ABSENT


_decode = msgspec.json.Decoder(Item).decode
_decode_escaped = msgspec.json.Decoder(bytes).decode
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_OURS = frozenset(("camera", "vrm", "captured_at", "confidence"))


def ratio(value: float, what: str) -> float:
    """A confidence that the contract wants between 0 and 1.

    Raises:
        BadItemError: `bad_confidence`.
    """
    if not 0 <= value <= 1:
        raise BadItemError("bad_confidence", f"{what} is {value}; it must be between 0 and 1")
    return value


def understand(raw: bytes, terms: SourceTerms) -> Capture:
    """One native item.

    Raises:
        BadItemError, msgspec.ValidationError: a bad item. NotThisFormatError: an object with none of the fields.
    """
    try:
        item = _decode(raw)
    except msgspec.ValidationError as error:
        raise _diagnosed(raw, error) from None
    moment = item.captured_at
    # Nearly every sender writes Z, which needs no look at the zone.
    ms = (moment - EPOCH) // MILLISECOND if moment.tzinfo is not None else local_ms(moment, terms.timezone)
    capture = Capture(
        camera=item.camera if type(item.camera) is str else str(item.camera),
        plate=plate_text(item.vrm),
        captured_at=ms,
        confidence=ratio(item.confidence, "confidence"),
    )
    if not capture.camera:
        raise BadItemError("missing_field", "camera is empty")
    if item.id is not None:
        capture.car = str(item.id)
    if item.direction is not None:
        capture.direction = direction_word(item.direction) if isinstance(item.direction, str) else heading(item.direction)
    if item.lane is not None:
        if not 0 <= item.lane <= 255:
            raise BadItemError("bad_field", f"lane is {item.lane}; it must be 0 to 255")
        capture.lane = item.lane
    _describe(capture, item)
    return capture


def _describe(capture: Capture, item: Item) -> None:
    """Add what many senders leave out: looks, evidence, pictures."""
    if item.make or item.model:
        capture.make, capture.model = label(item.make), label(item.model)
    if item.colour or item.vehicle_class:
        capture.colour, capture.vehicle_class = label(item.colour), label(item.vehicle_class)
    if item.characters:
        capture.characters = tuple((c.value, ratio(c.confidence, "a character's confidence")) for c in item.characters[:32])
    if item.variants:
        offered = [(v.vrm, ratio(v.confidence, "a variant's confidence")) for v in item.variants]
        capture.variants = alternatives(capture.plate, offered)
    if item.plate_image is not _ABSENT:
        capture.plate_image = picture(item.plate_image, "plate_image")
    if item.overview_image is not _ABSENT:
        capture.overview_image = picture(item.overview_image, "overview_image")


def picture(raw: msgspec.Raw, field: str) -> bytes:
    """The bytes of a picture in base64, from its JSON value; empty for null.

    Pictures are nearly all that a body weighs: they are decoded in place, by a decoder made for volume.

    Raises:
        BadItemError: `picture_invalid`, `bad_field`.
    """
    value = memoryview(raw)
    if value[0] != _QUOTE:
        if bytes(value) == b"null":
            return b""
        raise BadItemError("bad_field", f"{field} is not a text in base64")
    try:
        return pybase64.b64decode(value[1:-1], validate=True)
    except binascii.Error:
        pass
    try:  # a text that JSON has escaped: some senders write every slash as \/
        return _decode_escaped(raw)
    except UNREADABLE:
        raise BadItemError("picture_invalid", f"{field} is not base64") from None


def _diagnosed(raw: bytes, error: msgspec.ValidationError) -> Exception:
    """Why an item failed, in the words of the contract rather than of a decoder."""
    problem = str(error)
    try:
        fields = _keys(raw)
    except UNREADABLE:
        return NotThisFormatError(f"a native item is a JSON object: {problem}")
    missing = sorted(name for name in _OURS if bytes(fields.get(name, b"null")) == b"null" and (name != "vrm" or name not in fields))
    if len(missing) == len(_OURS):
        return NotThisFormatError("a native item has the fields camera, vrm, captured_at and confidence; this has none of them")
    if missing:
        return BadItemError("missing_field", f"the item has no {' and no '.join(missing)}")
    if problem.endswith("`$.captured_at`"):
        return BadItemError("bad_time", f"captured_at is not a time such as 2026-03-02T10:17:18.252Z ({problem})")
    return error


def parse(payload: Payload) -> list[ParsedItem]:
    """Captures of a native body, by its content type or, where that says nothing, by its look."""
    body = bounded(payload.body)
    media = payload.content_type.partition(";")[0].strip().lower()
    lines = media == NDJSON
    if not lines and "json" not in media:
        # One document is also one line; several documents are not one document.
        first = body.lstrip()[:1]
        lines = first == b"{" and b"\n" in body.strip() and _is_lines(body)
    items = counted([line for line in body.split(b"\n") if line.strip()]) if lines else json_views(body)
    if not items or not body.strip():
        raise NotThisFormatError("the body is empty")
    return each(items, understand, payload.terms)


def _is_lines(body: bytes) -> bool:
    """Whether the first line is a document of its own, rather than the start of an indented one."""
    try:
        msgspec.json.decode(body.lstrip().partition(b"\n")[0])
    except UNREADABLE:
        return False
    return True


GATEWAY = Gateway(
    "native",
    frozenset(("application/json", NDJSON, "application/vnd.apache.arrow.stream")),
    parse,
)
