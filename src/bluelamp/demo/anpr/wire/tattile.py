"""Tattile XML messages: date and time apart, whole seconds."""

from __future__ import annotations

from xml.sax.saxutils import escape

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, base64


def encode(sighting: Sighting) -> Body:
    fields = {
        "PLATE_STRING": sighting.plate,
        "DATE": sighting.moment.strftime("%Y-%m-%d"),
        "TIME": sighting.moment.strftime("%H:%M:%S"),
        "DEVICE_SN": sighting.camera,
        "DEVICE_NAME": f"Camera {sighting.camera}",
        "OCRSCORE": f"{sighting.confidence * 100:.1f}",
        "DIRECTION": "GOAWAY" if sighting.away else "APPROACH",
        "LANE_ID": str(sighting.lane),
        "BRAND": sighting.make,
        "MODEL": sighting.model,
        "COLOR": sighting.colour,
        "CLASS": sighting.vehicle_class,
        "PLATE_COUNTRY_CODE": "GBR",
        "PLATE_COUNTRY": "United Kingdom",
        "IMAGE_OCR": base64(sighting.plate_image),
        "IMAGE_CTX": base64(sighting.overview_image),
    }
    lines = "".join(f"  <{name}>{escape(value)}</{name}>\n" for name, value in fields.items())
    return Body("application/xml", f"<Msg>\n{lines}</Msg>\n".encode())
