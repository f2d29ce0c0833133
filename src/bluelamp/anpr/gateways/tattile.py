"""`tattile`: Tattile cameras' XML messages, pictures as base64 inside."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from bluelamp.anpr.domain import Capture, DateOrder, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload
from bluelamp.anpr.gateways.clocks import local_ms, written_time
from bluelamp.anpr.gateways.items import BadItemError, each
from bluelamp.anpr.gateways.markup import Fields, root_of
from bluelamp.anpr.gateways.words import direction_word, fraction, label, lane_number, plate_text, position

USUAL: DateOrder = "dmy"
"""Italian, where the date is not ISO as in current firmware."""


def _image(fields: Fields, name: str) -> bytes:
    text = "".join(fields.text(name).split())
    try:
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raise BadItemError("picture_invalid", f"{name} is not base64") from None


def _confidence(text: str) -> float:
    try:
        return fraction(float(text or 0), 100)
    except ValueError:
        raise BadItemError("bad_confidence", f"OCRSCORE is {text[:20]!r}, not a number") from None


def understand(raw: bytes, terms: SourceTerms) -> Capture:
    """One message."""
    fields = Fields(root_of(raw))
    if not any(name in fields for name in ("PLATE_STRING", "DEVICE_SN", "OCRSCORE")):
        raise NotThisFormatError("a Tattile message has the elements PLATE_STRING and DEVICE_SN; this has neither")
    camera, date, time = fields.text("DEVICE_SN"), fields.text("DATE"), fields.text("TIME")
    if not (camera and date and time):
        raise BadItemError("missing_field", "the message needs DEVICE_SN, DATE and TIME")
    return Capture(
        camera=camera,
        plate=plate_text(fields.text("PLATE_STRING")),
        captured_at=local_ms(written_time(date, time, terms, USUAL), terms.timezone),
        confidence=_confidence(fields.text("OCRSCORE")),
        direction=direction_word(fields.text("DIRECTION")),
        lane=lane_number(fields.text("LANE_ID")),
        make=label(fields.text("BRAND")),
        model=label(fields.text("MODEL")),
        colour=label(fields.text("COLOR")),
        vehicle_class=label(fields.text("CLASS")),
        plate_image=_image(fields, "IMAGE_OCR"),
        overview_image=_image(fields, "IMAGE_CTX"),
        position=position(fields.text("LATITUDE"), fields.text("LONGITUDE")),
    )


def parse(payload: Payload) -> list[ParsedItem]:
    """The capture of the one message of a body."""
    return each([payload.body], understand, payload.terms)


GATEWAY = Gateway("tattile", frozenset(), parse)
