"""`genetec`: Genetec AutoVu webhooks: every value is text, dates are American unless the owner says otherwise."""

from __future__ import annotations

import msgspec

from bluelamp.anpr.domain import Capture, DateOrder, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload
from bluelamp.anpr.gateways.clocks import MILLISECOND, NAIVE_EPOCH, local_ms, written_time
from bluelamp.anpr.gateways.items import BadItemError, each, json_items
from bluelamp.anpr.gateways.words import degrees, direction_word, fraction, label, plate_text, position

USUAL: DateOrder = "mdy"


class Event(msgspec.Struct, gc=False, rename="pascal"):
    """The fields of one read that a capture needs."""

    plate: str | None = None
    camera_name: str = ""
    sharp_name: str = ""
    confidence_score: str = ""
    date_utc: str = ""
    time_utc: str = ""
    date_local: str = ""
    time_local: str = ""
    attributes: dict[str, str | None] | None = None
    latitude: str | float | None = None
    longitude: str | float | None = None
    latitude_degree: str = ""
    latitude_minute: str = ""
    latitude_second: str = ""
    longitude_degree: str = ""
    longitude_minute: str = ""
    longitude_second: str = ""
    plate_image: bytes | None = None
    context_image: bytes | None = None
    overview_image: bytes | None = None


_decode = msgspec.json.Decoder(Event, strict=False).decode


def captured_ms(event: Event, terms: SourceTerms) -> int:
    """When it was, from fields that do not always mean what they say.

    Some installations write local time into the UTC fields. It shows: both are equal although the source's timezone is
    not UTC. Then the configured timezone decides; otherwise the UTC fields are believed.
    """
    utc = written_time(event.date_utc, event.time_utc, terms, USUAL) if event.date_utc else None
    if utc is None or (event.date_utc, event.time_utc) == (event.date_local, event.time_local):
        return local_ms(utc or written_time(event.date_local, event.time_local, terms, USUAL), terms.timezone)
    return (utc - NAIVE_EPOCH) // MILLISECOND


def _confidence(text: str) -> float:
    try:
        return fraction(float(text or 0), 100)
    except ValueError:
        raise BadItemError("bad_confidence", f"ConfidenceScore is {text[:20]!r}, not a number") from None


def understand(raw: bytes, terms: SourceTerms) -> Capture:
    """One read."""
    event = _decode(raw)
    if event.plate is None and not event.camera_name and not event.date_utc:
        raise NotThisFormatError("an AutoVu read has the fields Plate, CameraName and DateUtc; this has none of them")
    if not event.camera_name:
        raise BadItemError("missing_field", "the read has no CameraName")
    about = event.attributes or {}
    capture = Capture(
        camera=event.camera_name,
        plate=plate_text(event.plate),
        captured_at=captured_ms(event, terms),
        confidence=_confidence(event.confidence_score or about.get("Confidence Score") or ""),
        plate_image=event.plate_image or b"",
        overview_image=event.context_image or event.overview_image or b"",
        position=position(event.latitude, event.longitude),
    )
    if about:
        capture.direction = direction_word(about.get("Relative Motion"))
        capture.make = label(about.get("Vehicle Make"))
        capture.model = label(about.get("Vehicle Model"))
        capture.colour = label(about.get("Vehicle Color"))
        capture.vehicle_class = label(about.get("Vehicle Type"))
    if capture.position is None and event.latitude_degree:
        latitude = degrees(event.latitude_degree, event.latitude_minute, event.latitude_second)
        capture.position = position(latitude, degrees(event.longitude_degree, event.longitude_minute, event.longitude_second))
    return capture


def parse(payload: Payload) -> list[ParsedItem]:
    """Captures of one read, or of an array of reads."""
    return each(json_items(payload.body), understand, payload.terms)


GATEWAY = Gateway("genetec", frozenset(), parse)
