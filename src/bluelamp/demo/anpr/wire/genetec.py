"""Genetec AutoVu webhooks: everything is text, dates are American, times whole seconds."""

from __future__ import annotations

import msgspec

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, base64


def encode(sighting: Sighting) -> Body:
    date, time = sighting.moment.strftime("%m/%d/%Y"), sighting.moment.strftime("%H:%M:%S")
    score = str(round(sighting.confidence * 100))
    event = {
        "Address": "",
        "Attributes": {
            "Vehicle Type": sighting.vehicle_class or "-",
            "Vehicle Color": sighting.colour.capitalize() or "-",
            "Vehicle Make": sighting.make or "-",
            "Vehicle Model": sighting.model or "-",
            "Relative Motion": "Moving Away" if sighting.away else "Approaching",
            "State Name": "GB",
            "Confidence Score": score,
        },
        "CameraName": sighting.camera,
        "ConfidenceScore": score,
        "ContextImage": base64(sighting.overview_image),
        "DateLocal": date,
        "DateUtc": date,
        "InventoryLocation": "",
        "IsHit": "No",
        "Latitude": f"{sighting.latitude:.6f}",
        "Longitude": f"{sighting.longitude:.6f}",
        "OverviewImage": "",
        "PatrollerId": "00000000-0000-0000-0000-000000000000",
        "Plate": sighting.plate,
        "PlateImage": base64(sighting.plate_image),
        "SharpName": sighting.camera.partition(" ")[0],
        "State": "GB",
        "TimeLocal": time,
        "TimeUtc": time,
        "VehicleID": f"00000000-0000-4000-8000-{sighting.captured_ms:012x}",
    }
    return Body("application/json", msgspec.json.encode(event))
