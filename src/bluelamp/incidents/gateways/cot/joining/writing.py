"""What devices are shown of incidents and resources. Pure: each gives an event, times are epoch milliseconds."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import SubElement

from bluelamp.incidents.gateways.cot.joining.reading import FEATURE
from bluelamp.incidents.gateways.cot.wire.event import CotEvent, format_time
from bluelamp.incidents.positions.domain import Position

KEPT_MS = 7 * 86_400_000
"""How long a drawing stays on a device that hears nothing more of it."""
ALERT_MS = 60_000
KINDS = {"drone": "a-f-A-M-H-Q", "foot": "a-f-G-U-C", "officer": "a-f-G-U-C", "person": "a-f-G-U-C"}
"""CoT type by type of resource; anything else is a vehicle."""
COLOURS = {"hazard": -65536, "inner_cordon": -65536, "outer_cordon": -256, "rendezvous": -16711936}
"""ARGB as a signed number, which is how the format writes it; anything else white."""


def feature_uid(feature: str) -> str:
    return f"{FEATURE}{feature}"


def casualty_uid(casualty: str) -> str:
    return f"bluelamp-c-{casualty}"


def resource_uid(resource: str) -> str:
    return f"bluelamp-r-{resource}"


def _named(event: CotEvent, call_sign: str, remarks: str = "") -> CotEvent:
    SubElement(event.detail, "contact", callsign=plain(call_sign))
    if remarks:
        SubElement(event.detail, "remarks").text = plain(remarks)
    return event


def plain(text: str) -> str:
    """Without what XML cannot carry."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff"))


def chat(room: str, number: str, sender: str, call_sign: str, text: str, at: int) -> CotEvent:
    """A message in an incident's room. `sender`: uid of who says it."""
    event = CotEvent(f"GeoChat.{sender}.{room}.{number}", "b-t-f", "h-g-i-g-o", at, at, at + 86_400_000)
    attributes = {
        "parent": "RootContactGroup", "groupOwner": "false", "chatroom": room, "id": room, "messageId": number,
        "senderCallsign": plain(call_sign),
    }  # fmt: skip
    said = SubElement(event.detail, "__chat", attributes)
    SubElement(said, "chatgrp", uid0=sender, uid1=room, id=room)
    SubElement(event.detail, "link", uid=sender, type="a-f-G-U-C", relation="p-p")
    remarks = SubElement(event.detail, "remarks", source=f"BAO.F.ATAK.{sender}", to=room, time=format_time(at))
    remarks.text = plain(text)
    return event


def drawing(data: dict[str, Any], at: int, now: int) -> CotEvent:
    """A `feature.drawn` as a marker, or as a line or area."""
    geometry = data["geometry"]
    label = data.get("label") or data["type"].replace("_", " ").capitalize()
    colour = str(COLOURS.get(data["type"], -1))
    rings = {"Point": [geometry["coordinates"]], "LineString": geometry["coordinates"]}.get(geometry["type"])
    points = rings if rings is not None else geometry["coordinates"][0]
    longitude, latitude = points[0]
    kind = "b-m-p-s-m" if geometry["type"] == "Point" else "u-d-f"
    event = CotEvent(feature_uid(data["feature"]), kind, "h-g-i-g-o", at, at, now + KEPT_MS, float(latitude), float(longitude))
    if kind == "u-d-f":
        for longitude, latitude in points:
            SubElement(event.detail, "link", point=f"{latitude},{longitude}")
        SubElement(event.detail, "strokeColor", value=colour)
        SubElement(event.detail, "strokeWeight", value="3.0")
    else:
        SubElement(event.detail, "color", argb=colour)
    return _named(event, label, data.get("note", ""))


def scene(incident: str, number: str, title: str, place: dict[str, Any], at: int, now: int) -> CotEvent:
    """Where an incident is."""
    event = CotEvent(f"bluelamp-i-{incident}", "b-m-p-s-m", "h-g-i-g-o", at, at, now + KEPT_MS, place["latitude"], place["longitude"])
    SubElement(event.detail, "color", argb="-65536")
    return _named(event, f"{number} {title}", place.get("said", ""))


def casualty(number: str, found: dict[str, Any], at: int, now: int) -> CotEvent:
    """A casualty with its category; `found` as the incident's state has it, with a place."""
    place = found["place"]
    event = CotEvent(
        casualty_uid(number), "b-r-f-h-c", "h-g-i-g-o", at, at, now + KEPT_MS, place["latitude"], place["longitude"]
    )  # fmt: skip
    label = f"{found.get('label', '')} {found.get('category', '')}".strip() or "Casualty"
    counts = {"urgent": "P1", "priority": "P2", "routine": "P3"}
    counted = {name: str(int(found.get("category") == category)) for name, category in counts.items()}
    SubElement(event.detail, "_medevac_", {"title": plain(label), **counted})
    handed = found.get("handed_to", "")
    return _named(event, label, f"Handed to {handed}" if handed else "")


def emergency(number: str, data: dict[str, Any], at: int, now: int) -> CotEvent:
    """Somebody calls for help."""
    place = data.get("place") or {}
    call_sign = data.get("call_sign") or data.get("person_name", "")
    event = CotEvent(
        f"bluelamp-e-{number}", "b-a-o-tbl", "h-e", at, at, now + ALERT_MS, place.get("latitude") or 0.0, place.get("longitude") or 0.0
    )  # fmt: skip
    SubElement(event.detail, "emergency", type="911 Alert").text = plain(call_sign)
    return _named(event, f"{call_sign}-Alert")


def emergency_over(number: str, now: int) -> CotEvent:
    event = CotEvent(f"bluelamp-e-{number}", "b-a-o-can", "h-e", now, now, now + ALERT_MS)
    SubElement(event.detail, "emergency", cancel="true").text = "over"
    return event


def resource(position: Position, stale_ms: int) -> CotEvent:
    """Where a resource is."""
    event = CotEvent(
        resource_uid(position.resource), KINDS.get(position.kind, "a-f-G-E-V"), "m-g", position.at, position.at, position.at + stale_ms,
        position.latitude, position.longitude,
    )  # fmt: skip
    if position.accuracy_m is not None:
        event.ce = position.accuracy_m
    if position.altitude_m is not None:
        event.hae = position.altitude_m
    if position.speed_mps is not None or position.course_deg is not None:
        SubElement(event.detail, "track", speed=str(position.speed_mps or 0.0), course=str(position.course_deg or 0.0))
    SubElement(event.detail, "__group", name="Blue", role="Team Member")
    return _named(event, position.call_sign or position.resource, position.agency)
