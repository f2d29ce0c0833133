"""`axis`: AXIS License Plate Verifier push events (JSON; pictures as base64 or as further parts of a multipart body)."""

from __future__ import annotations

import msgspec

from bluelamp.anpr.domain import Capture, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload, multipart
from bluelamp.anpr.gateways.clocks import epoch_ms, packed_ms
from bluelamp.anpr.gateways.items import BadItemError, each, json_items
from bluelamp.anpr.gateways.words import direction_word, fraction, label, plate_text, position


class Geotag(msgspec.Struct, gc=False):
    lat: float | None = None
    lon: float | None = None


class CameraInfo(msgspec.Struct, gc=False):
    serial: str = msgspec.field(default="", name="SerialNumber")


class Vehicle(msgspec.Struct, gc=False):
    type: str | None = None
    color: str | None = None
    make: str | None = None
    model: str | None = None


class Event(msgspec.Struct, gc=False):
    """The fields of one event that a read needs. Numbers arrive as text."""

    plate: str | None = msgspec.field(default=None, name="plateText")
    plate_utf8: str | None = msgspec.field(default=None, name="plateUTF8")
    captured: str = msgspec.field(default="", name="capture_timestamp")
    datetime: str = ""
    confidence: float | None = msgspec.field(default=None, name="plateConfidence")
    car: str = msgspec.field(default="", name="carID")
    state: str = msgspec.field(default="", name="carState")
    direction: str | None = msgspec.field(default=None, name="carMoveDirection")
    camera: CameraInfo | None = msgspec.field(default=None, name="camera_info")
    geotag: Geotag | None = None
    vehicle: Vehicle | None = msgspec.field(default=None, name="vehicle_info")
    plate_image: bytes | None = msgspec.field(default=None, name="plateImage")
    overview_image: bytes | None = msgspec.field(default=None, name="vehicleImage")


_decode = msgspec.json.Decoder(Event, strict=False).decode


def understand(raw: bytes, terms: SourceTerms) -> Capture | None:
    """One event; new, update and lost events of one car carry the same `car`."""
    if multipart.looks_multipart(raw):
        return _with_pictures(multipart.split(raw), terms)
    event = _decode(raw)
    if event.camera is None and event.plate is None and not event.captured:
        if "heartbeat" in raw[:2000].decode("ascii", "replace").lower():
            return None
        raise NotThisFormatError("an AXIS event has the fields plateText, capture_timestamp and camera_info; this has none of them")
    if event.camera is None or not event.camera.serial:
        raise BadItemError("missing_field", "camera_info.SerialNumber is missing: enable device information in the push settings")
    ms = epoch_ms(event.captured) if event.captured.strip("0") else packed_ms(event.datetime, terms.timezone)
    capture = Capture(
        camera=event.camera.serial,
        plate=plate_text(event.plate or event.plate_utf8),
        captured_at=ms,
        confidence=fraction(event.confidence or 0.0, 1),
        car=event.car if event.car.strip("0") else "",
        direction=direction_word(event.direction),
        plate_image=event.plate_image or b"",
        overview_image=event.overview_image or b"",
    )
    if event.vehicle is not None:
        capture.make = label(event.vehicle.make)
        capture.model = label(event.vehicle.model)
        capture.colour = label(event.vehicle.color)
        capture.vehicle_class = label(event.vehicle.type)
    if event.geotag is not None:
        capture.position = position(event.geotag.lat, event.geotag.lon)
    return capture


def _with_pictures(parts: list[multipart.Part], terms: SourceTerms) -> Capture | None:
    documents = [part for part in parts if not part.is_image]
    if len(documents) != 1:
        raise NotThisFormatError(f"a multipart AXIS event has one JSON part; this has {len(documents)}")
    capture = understand(documents[0].content, terms) if not multipart.looks_multipart(documents[0].content) else None
    if capture is None:
        return None
    for part in parts:
        if part.is_image and "plate" in part.name.lower():
            capture.plate_image = part.content
        elif part.is_image:
            capture.overview_image = part.content
    return capture


def parse(payload: Payload) -> list[ParsedItem]:
    """Captures of one event, or of an array of events."""
    body = payload.body
    return each([body] if multipart.looks_multipart(body) else json_items(body), understand, payload.terms)


GATEWAY = Gateway("axis", frozenset(), parse)
