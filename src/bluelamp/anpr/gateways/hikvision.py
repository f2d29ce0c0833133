"""`hikvision`: Hikvision ISAPI `EventNotificationAlert`, as XML or as a multipart body with pictures behind the XML."""

from __future__ import annotations

from bluelamp.anpr.domain import Capture, Direction, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload, multipart
from bluelamp.anpr.gateways.clocks import stated_ms
from bluelamp.anpr.gateways.items import BadItemError, each
from bluelamp.anpr.gateways.markup import Fields, local_name, root_of
from bluelamp.anpr.gateways.words import (
    Position,
    degrees,
    direction_word,
    evidence,
    fraction,
    label,
    lane_number,
    plate_text,
    position,
)

_DETECTED: dict[str, Direction] = {"4": "w", "5": "n", "6": "e", "7": "s"}
"""`detectDir`, used where `direction` says unknown: from east to west, south to north, west to east, north to south."""


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        return []


def _confidence(text: str) -> float:
    try:
        return fraction(float(text or 0), 100)
    except ValueError:
        raise BadItemError("bad_confidence", f"confidenceLevel is {text[:20]!r}, not a number") from None


def _position(alert: Fields) -> Position | None:
    place = alert.under("DeviceGPSInfo")
    latitude, longitude = (
        degrees(part.text("degree"), part.text("minute"), part.text("sec"), place.text(hemisphere))
        for part, hemisphere in ((place.under("Latitude"), "latitudeType"), (place.under("Longitude"), "longitudeType"))
    )
    return position(latitude, longitude)


def _event(document: bytes, terms: SourceTerms) -> Capture | None:
    root = root_of(document)
    if local_name(root) != "EventNotificationAlert":
        raise NotThisFormatError("a Hikvision event is an EventNotificationAlert; the root element is another")
    alert = Fields(root)
    if alert.text("eventType").upper() not in ("ANPR", "VEHICLEDETECTION") or "ANPR" not in alert:
        return None  # heartbeats and other alarms go to the same address
    seen = alert.under("ANPR")
    camera, moment = alert.text("macAddress"), alert.text("dateTime")
    if not camera or not moment:
        raise BadItemError("missing_field", "the event has no macAddress or no dateTime")
    plate = plate_text(seen.text("licensePlate"))
    original = plate_text(seen.text("originalLicensePlate"))
    about = seen.under("vehicleInfo")
    return Capture(
        camera=camera,
        plate=plate,
        seen_as=original if original != plate else "",
        captured_at=stated_ms(moment, terms.timezone),
        confidence=_confidence(seen.text("confidenceLevel")),
        direction=direction_word(seen.text("direction")) or _DETECTED.get(seen.text("detectDir"), ""),
        lane=lane_number(seen.text("line") or None),
        colour=label(about.text("color")),
        vehicle_class=label(seen.text("vehicleType")),
        characters=evidence(plate, _numbers(seen.text("plateCharBelieve")), 100),
        position=_position(alert),
    )


def understand(raw: bytes, terms: SourceTerms) -> Capture | None:
    """One event; its pictures are the parts behind it."""
    if not multipart.looks_multipart(raw):
        return _event(raw, terms)
    parts = multipart.split(raw)
    documents = [part.content for part in parts if _is_document(part)]
    if not documents:
        raise NotThisFormatError("a multipart Hikvision event has an XML part; this has none")
    capture = _event(documents[0], terms)
    if capture is None:
        return None
    for part in parts:
        name = part.name.lower()
        if not part.is_image or not part.content:
            continue
        if "plate" in name:
            capture.plate_image = part.content
        elif not capture.overview_image or "detection" in name:
            capture.overview_image = part.content
    return capture


def _is_document(part: multipart.Part) -> bool:
    return "xml" in part.media_type or part.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def parse(payload: Payload) -> list[ParsedItem]:
    """Usually one capture; a multipart body with several XML parts has one for each, with the pictures that follow it."""
    body = payload.body
    if not multipart.looks_multipart(body):
        return each([body], understand, payload.terms)
    events: list[list[multipart.Part]] = []
    loose: list[multipart.Part] = []
    for part in multipart.split(body):
        if _is_document(part):
            events.append([part])
        else:
            (events[-1] if events else loose).append(part)
    if len(events) < 2:
        return each([body], understand, payload.terms)
    events[0].extend(loose)
    return each([multipart.join(event) for event in events], understand, payload.terms)


GATEWAY = Gateway("hikvision", frozenset(), parse)
