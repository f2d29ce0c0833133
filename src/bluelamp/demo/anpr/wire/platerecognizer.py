"""Plate Recognizer Stream webhooks; with a picture, a form of the JSON and the picture."""

from __future__ import annotations

import msgspec

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, multipart


def encode(sighting: Sighting) -> Body:
    stamp = sighting.moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{sighting.captured_ms % 1000:03d}000Z"
    plate = sighting.plate.lower()
    candidates = [{"plate": plate, "score": sighting.confidence}]
    if sighting.second_guess:
        candidates.append({"plate": sighting.second_guess.lower(), "score": round(sighting.confidence * 0.8, 3)})
    result = {
        "box": {"xmax": 412, "xmin": 337, "ymax": 305, "ymin": 270},
        "candidates": candidates,
        "color": [{"color": sighting.colour, "score": 0.8}],
        "model_make": [{"make": sighting.make, "model": sighting.model, "score": 0.7}],
        "orientation": [{"orientation": "Rear" if sighting.away else "Front", "score": 0.9}],
        "plate": plate,
        "region": {"code": "gb", "score": 0.2},
        "score": sighting.confidence,
        "dscore": 0.8,
        "vehicle": {"score": 0.7, "type": sighting.vehicle_class},
        "direction": round(sighting.bearing) % 360,
    }
    webhook = {
        "hook": {
            "target": "https://example.invalid/hook",
            "id": sighting.camera,
            "event": "recognition",
            "filename": f"{sighting.camera}/image.jpg",
        },
        "data": {
            "camera_id": sighting.camera,
            "filename": f"{sighting.camera}/image.jpg",
            "timestamp": stamp,
            "timestamp_local": stamp,
            "results": [result],
        },
    }
    text = msgspec.json.encode(webhook)
    if not sighting.overview_image:
        return Body("application/json", text)
    return multipart([("json", "json", "application/json", text), ("upload", "image.jpg", "image/jpeg", sighting.overview_image)])
