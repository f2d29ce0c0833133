"""The platform's own format: one object, or many as lines."""

from __future__ import annotations

import msgspec

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, base64

LINES = "application/x-ndjson"


def item(sighting: Sighting) -> dict[str, object]:
    """The object for one read; what is not known is left out."""
    told: dict[str, object] = {
        "camera": sighting.camera,
        "vrm": sighting.plate,
        "captured_at": sighting.moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{sighting.captured_ms % 1000:03d}Z",
        "confidence": sighting.confidence,
        "direction": sighting.compass,
        "lane": sighting.lane,
        "make": sighting.make,
        "model": sighting.model,
        "colour": sighting.colour,
        "class": sighting.vehicle_class,
    }
    if sighting.second_guess:
        told["variants"] = [{"vrm": sighting.second_guess, "confidence": round(sighting.confidence * 0.8, 3)}]
    if sighting.plate_image:
        told["plate_image"] = base64(sighting.plate_image)
    if sighting.overview_image:
        told["overview_image"] = base64(sighting.overview_image)
    return {name: value for name, value in told.items() if value != ""} | {"vrm": sighting.plate}


def encode(sighting: Sighting) -> Body:
    return Body("application/json", msgspec.json.encode(item(sighting)))


def encode_lines(sightings: list[Sighting]) -> Body:
    """Many reads of one gateway, an object a line."""
    return Body(LINES, msgspec.json.Encoder().encode_lines([item(sighting) for sighting in sightings]))
