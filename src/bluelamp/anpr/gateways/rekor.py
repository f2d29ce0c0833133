"""`rekor`: Rekor Scout (OpenALPR) webhooks: one `alpr_group` a passing vehicle."""

from __future__ import annotations

import msgspec

from bluelamp.anpr.domain import Capture, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload
from bluelamp.anpr.gateways.clocks import epoch_ms
from bluelamp.anpr.gateways.items import BadItemError, each, json_items
from bluelamp.anpr.gateways.words import alternatives, fraction, heading, label, plate_text, position


class Candidate(msgspec.Struct, gc=False):
    plate: str = ""
    confidence: float = 0.0


class Named(msgspec.Struct, gc=False):
    name: str = ""


class BestPlate(msgspec.Struct, gc=False):
    plate_crop_jpeg: bytes | None = None


class Vehicle(msgspec.Struct, gc=False):
    color: list[Named] | None = None
    make: list[Named] | None = None
    make_model: list[Named] | None = None
    body_type: list[Named] | None = None


class Group(msgspec.Struct, gc=False):
    """The fields of a group that a read needs; confidences are percentages."""

    data_type: str = ""
    epoch_start: int | None = None
    camera_id: int | str | None = None
    gps_latitude: float | None = None
    gps_longitude: float | None = None
    uuids: list[str] | None = None
    candidates: list[Candidate] | None = None
    best_plate: BestPlate | None = None
    best_confidence: float | None = None
    best_plate_number: str | None = None
    travel_direction: float | None = None
    vehicle: Vehicle | None = None
    vehicle_crop_jpeg: bytes | None = None
    overview_jpeg: bytes | None = None
    group: msgspec.Raw = msgspec.Raw()
    """The group inside an `alpr_alert`."""


_decode = msgspec.json.Decoder(Group, strict=False).decode
_OTHER_MESSAGES = frozenset(("heartbeat", "alpr_results", "vehicle"))
"""Sent to the same address, and not a passing vehicle: `alpr_results` are the single frames behind a group."""


def _first(names: list[Named] | None) -> str:
    return names[0].name if names else ""


def understand(raw: bytes, _terms: SourceTerms) -> Capture | None:
    """One group. A preview and the final group of one vehicle share their first frame, which is the `car`."""
    group = _decode(raw)
    if group.data_type == "alpr_alert" and bytes(group.group):
        group = _decode(group.group)
    if group.data_type in _OTHER_MESSAGES:
        return None
    if group.data_type != "alpr_group":
        raise NotThisFormatError("a Rekor group has data_type alpr_group; this has none")
    if group.camera_id is None or group.epoch_start is None:
        raise BadItemError("missing_field", "the group has no camera_id or no epoch_start")
    plate = plate_text(group.best_plate_number)
    start = epoch_ms(group.epoch_start)
    capture = Capture(
        camera=str(group.camera_id),
        plate=plate,
        captured_at=start,
        confidence=fraction(group.best_confidence or 0.0, 100),
        # The frame alone would do for one agent; with its time it also survives an agent that starts counting anew.
        car=f"{group.uuids[0][:80]}@{start}" if group.uuids else "",
        direction=heading(group.travel_direction),
        plate_image=(group.best_plate.plate_crop_jpeg if group.best_plate else None) or b"",
        overview_image=group.overview_jpeg or group.vehicle_crop_jpeg or b"",
        position=position(group.gps_latitude, group.gps_longitude),
    )
    if group.candidates:
        capture.variants = alternatives(plate, [(c.plate, fraction(c.confidence, 100)) for c in group.candidates])
    vehicle = group.vehicle
    if vehicle is not None:
        make = _first(vehicle.make)
        capture.make = label(make)
        capture.model = label(_first(vehicle.make_model).removeprefix(f"{make}_"))
        capture.colour = label(_first(vehicle.color))
        capture.vehicle_class = label(_first(vehicle.body_type))
    return capture


def parse(payload: Payload) -> list[ParsedItem]:
    """Captures of one group, or of an array of groups."""
    return each(json_items(payload.body), understand, payload.terms)


GATEWAY = Gateway("rekor", frozenset(), parse)
