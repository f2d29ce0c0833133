"""`dahua`: Dahua ITSAPI `TollgateInfo` notifications. They do not name their camera: a source has one."""

from __future__ import annotations

import msgspec

from bluelamp.anpr.domain import Capture, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload
from bluelamp.anpr.gateways.clocks import local_ms, stated_ms, written_time
from bluelamp.anpr.gateways.items import BadItemError, each, json_items
from bluelamp.anpr.gateways.words import direction_word, fraction, label, lane_number, plate_text

CAMERA = "default"
"""What the register calls the only camera of such a source."""


class Image(msgspec.Struct, gc=False):
    content: bytes | None = msgspec.field(default=None, name="Content")


class Plate(msgspec.Struct, gc=False, rename="pascal"):
    confidence: float | None = None
    is_exist: bool = True
    plate_number: str | None = None


class Vehicle(msgspec.Struct, gc=False, rename="pascal"):
    vehicle_color: str | None = None
    vehicle_series: str | None = None
    vehicle_sign: str | None = None
    vehicle_type: str | None = None


class SnapInfo(msgspec.Struct, gc=False, rename="pascal"):
    """`TimeZone` is left alone: firmware differs on whether it counts hours or rows of a menu."""

    accurate_time: str = ""
    snap_time: str = ""
    direction: str | int | None = None
    lane: int | None = None


class Picture(msgspec.Struct, gc=False, rename="pascal"):
    plate: Plate | None = None
    vehicle: Vehicle | None = None
    snap_info: SnapInfo | None = None
    normal_pic: Image | None = None
    cutout_pic: Image | None = None
    vehicle_pic: Image | None = None


class Notification(msgspec.Struct, gc=False, rename="pascal"):
    picture: Picture | None = None
    active: str = ""


_decode = msgspec.json.Decoder(Notification, strict=False).decode


def _content(*images: Image | None) -> bytes:
    return next((image.content for image in images if image is not None and image.content), b"")


def _ms(snap: SnapInfo, terms: SourceTerms) -> int:
    text = (snap.accurate_time or snap.snap_time).strip()
    date, _, time = text.partition(" ")
    if "/" in date:  # firmware with a regional date format
        return local_ms(written_time(date, time, terms, "dmy"), terms.timezone)
    return stated_ms(text, terms.timezone)


def understand(raw: bytes, terms: SourceTerms) -> Capture | None:
    """One notification; a keep-alive is none."""
    notification = _decode(raw)
    picture = notification.picture
    if picture is None:
        if notification.active:
            return None
        raise NotThisFormatError("a TollgateInfo notification has the field Picture; this has none")
    if picture.snap_info is None or not (picture.snap_info.accurate_time or picture.snap_info.snap_time):
        raise BadItemError("missing_field", "the notification has no Picture.SnapInfo.AccurateTime")
    plate = picture.plate or Plate()
    capture = Capture(
        camera=CAMERA,
        plate=plate_text(plate.plate_number) if plate.is_exist else "",
        captured_at=_ms(picture.snap_info, terms),
        confidence=fraction(plate.confidence or 0.0, 100),
        direction=direction_word(str(picture.snap_info.direction or "")),
        lane=lane_number(picture.snap_info.lane),
        plate_image=_content(picture.cutout_pic),
        overview_image=_content(picture.normal_pic, picture.vehicle_pic),
    )
    if picture.vehicle is not None:
        capture.make = label(picture.vehicle.vehicle_sign)
        capture.model = label(picture.vehicle.vehicle_series)
        capture.colour = label(picture.vehicle.vehicle_color)
        capture.vehicle_class = label(picture.vehicle.vehicle_type)
    return capture


def parse(payload: Payload) -> list[ParsedItem]:
    """Captures of one notification, or of an array of them."""
    return each(json_items(payload.body), understand, payload.terms)


GATEWAY = Gateway("dahua", frozenset(), parse)
