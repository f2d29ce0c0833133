"""Dahua ITSAPI `TollgateInfo` notifications: the camera does not say which it is."""

from __future__ import annotations

import msgspec

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, base64


def encode(sighting: Sighting) -> Body:
    moment = sighting.moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{sighting.captured_ms % 1000:03d}"
    picture = {
        "Plate": {
            "BoundingBox": [0, 0, 0, 0],
            "Channel": 0,
            "Confidence": round(sighting.confidence * 100),
            "IsExist": bool(sighting.plate),
            "PlateColor": "",
            "PlateNumber": sighting.plate,
            "PlateType": "",
            "Region": "GBR",
            "UploadNum": 1,
        },
        "Vehicle": {
            "VehicleBoundingBox": [0, 0, 0, 0],
            "VehicleColor": sighting.colour,
            "VehicleSeries": sighting.model,
            "VehicleSign": sighting.make,
            "VehicleType": sighting.vehicle_class,
        },
        "SnapInfo": {"AccurateTime": moment, "AllowUser": False, "BlockUser": False, "Direction": "", "TimeZone": 0},
    }
    if sighting.overview_image:
        picture["NormalPic"] = {"Content": base64(sighting.overview_image), "PicName": "overview.jpg"}
    if sighting.plate_image:
        picture["CutoutPic"] = {"Content": base64(sighting.plate_image), "PicName": "plate.jpg"}
    return Body("application/json", msgspec.json.encode({"Picture": picture}))
