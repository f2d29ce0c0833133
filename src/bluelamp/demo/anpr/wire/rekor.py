"""Rekor Scout `alpr_group` webhooks."""

from __future__ import annotations

import msgspec

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, base64


def encode(sighting: Sighting) -> Body:
    ms = sighting.captured_ms
    percent = round(sighting.confidence * 100, 4)
    candidates = [{"plate": sighting.plate, "confidence": percent, "matches_template": 1}]
    if sighting.second_guess:
        candidates.append({"plate": sighting.second_guess, "confidence": round(percent * 0.8, 4), "matches_template": 0})
    make = sighting.make.lower()
    group = {
        "data_type": "alpr_group",
        "version": 3,
        "epoch_start": ms,
        "epoch_end": ms + 1800,
        "company_id": "00000000-0000-4000-8000-000000000001",
        "agent_uid": "TESTTESTTESTTESTTESTTESTTESTTESTTESTTEST",
        "agent_type": "alprd",
        "camera_id": int(sighting.camera),
        "gps_latitude": sighting.latitude,
        "gps_longitude": sighting.longitude,
        "country": "gb",
        "uuids": [f"DEMO-{sighting.camera}-{ms}"],
        "candidates": candidates,
        "best_plate": {"plate": sighting.plate, "confidence": percent, "region": "gb"},
        "best_confidence": percent,
        "best_plate_number": sighting.plate,
        "best_region": "gb",
        "travel_direction": sighting.bearing,
        "is_parked": False,
        "is_preview": False,
        "vehicle": {
            "color": [{"name": sighting.colour, "confidence": 90.0}],
            "make": [{"name": make, "confidence": 92.0}],
            "make_model": [{"name": f"{make}_{sighting.model.lower()}", "confidence": 88.0}],
            "body_type": [{"name": sighting.vehicle_class, "confidence": 95.0}],
        },
        "direction_of_travel_id": -1,
    }
    if sighting.plate_image:
        group["best_plate"] |= {"plate_crop_jpeg": base64(sighting.plate_image)}  # type: ignore[operator]
    if sighting.overview_image:
        group["overview_jpeg"] = base64(sighting.overview_image)
    return Body("application/json", msgspec.json.encode(group))
