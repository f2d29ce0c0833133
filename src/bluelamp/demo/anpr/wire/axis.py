"""AXIS License Plate Verifier push events."""

from __future__ import annotations

import msgspec

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, base64


def encode(sighting: Sighting) -> Body:
    ms = sighting.captured_ms
    event = {
        "packetCounter": str(ms // 1000 % 100_000_000),
        "capture_timestamp": str(ms),
        "frame_timestamp": "0",
        "capture_ts": f"{ms}000000",
        "datetime": sighting.moment.strftime("%Y%m%d %H%M%S") + f"{ms % 1000:03d}",
        "plateText": sighting.plate,
        "plateUnicode": sighting.plate,
        "plateUTF8": sighting.plate,
        "plateASCII": sighting.plate,
        "plateCountry": "GBR",
        "plateConfidence": f"{sighting.confidence:.6f}",
        "carState": "lost",
        "roiID": str(sighting.lane),
        "geotag": {"lat": sighting.latitude, "lon": sighting.longitude},
        "imageType": "plate",
        "carMoveDirection": "out" if sighting.away else "in",
        "timeProcessing": "0",
        "carID": str(ms % 1_000_000_007),
        "camera_info": {"SerialNumber": sighting.camera, "ProdShortName": "AXIS P1445-LE-3"},
        "vehicle_info": {
            "type": sighting.vehicle_class,
            "color": sighting.colour,
            "make": sighting.make,
            "model": sighting.model,
        },
        "sensorProviderID": "defaultID_176",
    }
    if sighting.plate_image:
        event["plateImage"] = base64(sighting.plate_image)
    if sighting.overview_image:
        event["vehicleImage"] = base64(sighting.overview_image)
    return Body("application/json", msgspec.json.encode(event))
