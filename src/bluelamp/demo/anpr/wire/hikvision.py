"""Hikvision ISAPI events: XML alone, or with pictures a multipart body behind the XML."""

from __future__ import annotations

from xml.sax.saxutils import escape

from bluelamp.demo.anpr.wire.sighting import Body, Sighting, multipart

_EVENT = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
\t<ipAddress>192.0.2.10</ipAddress>
\t<portNo>8888</portNo>
\t<protocol>HTTP</protocol>
\t<macAddress>{camera}</macAddress>
\t<channelID>1</channelID>
\t<dateTime>{moment}</dateTime>
\t<activePostCount>1</activePostCount>
\t<eventType>ANPR</eventType>
\t<eventState>active</eventState>
\t<eventDescription>ANPR</eventDescription>
\t<channelName>Camera 01</channelName>
\t<ANPR>
\t\t<licensePlate>{plate}</licensePlate>
\t\t<line>{lane}</line>
\t\t<direction>{direction}</direction>
\t\t<confidenceLevel>{percent}</confidenceLevel>
\t\t<plateCharBelieve>{believed}</plateCharBelieve>
\t\t<vehicleType>{kind}</vehicleType>
\t\t<vehicleInfo>
\t\t\t<color>{colour}</color>
\t\t</vehicleInfo>
\t\t<originalLicensePlate>{plate}</originalLicensePlate>
\t</ANPR>
\t<picNum>{pictures}</picNum>
\t<isDataRetransmission>false</isDataRetransmission>
</EventNotificationAlert>
"""


def encode(sighting: Sighting) -> Body:
    percent = round(sighting.confidence * 100)
    pictures = [
        (name, image)
        for name, image in (
            ("licensePlatePicture.jpg", sighting.plate_image),
            ("detectionPicture.jpg", sighting.overview_image),
        )
        if image
    ]
    event = _EVENT.format(
        camera=escape(sighting.camera),
        moment=sighting.moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{sighting.captured_ms % 1000:03d}+00:00",
        plate=escape(sighting.plate or "unknown"),
        lane=sighting.lane,
        direction="reverse" if sighting.away else "forward",
        percent=percent,
        believed=",".join([str(percent)] * len(sighting.plate)),
        kind=escape(sighting.vehicle_class or "vehicle"),
        colour=escape(sighting.colour),
        pictures=len(pictures),
    ).encode()
    if not pictures:
        return Body("application/xml", event)
    parts = [("anpr.xml", "anpr.xml", 'text/xml; charset="UTF-8"', event)]
    return multipart(parts + [(name, name, "image/pjpeg", image) for name, image in pictures])
