"""Incident transfer between British control rooms, MAIT style: create, update, close, receipt, in XML.

The official MAIT schema was not available, so this is our own message set after its published outline (agency ids, location, people,
casualties), behind this one module: with the schema at hand, only this file changes.
"""

from __future__ import annotations

from typing import Any, get_args

from bluelamp.incidents.gateways.markup import Page, Tree, degrees, from_time, number, root_of, to_seconds
from bluelamp.incidents.gateways.message import Category, HandoverMessage, Kind, NotThisFormatError, Role, built, chosen

NAMESPACE = "urn:bluelamp:incident-transfer:1"
CARRIES = frozenset(HandoverMessage.model_fields)
KINDS = frozenset(get_args(Kind))
CATEGORIES = frozenset(get_args(Category))
ROLES = frozenset(get_args(Role))
OUTCOMES = frozenset({"received", "refused"})
STATUSES = frozenset({"actual", "exercise", "test"})


def write(message: HandoverMessage) -> bytes:
    page = Page.of("IncidentTransfer", xmlns=NAMESPACE, version="1")
    header = page.put("Header")
    header.add("MessageId", message.id)
    header.add("MessageType", message.kind)
    header.add("Status", message.status)
    header.add("SendingAgency", message.sender)
    header.add("ReceivingAgency", message.receiver)
    header.add("Sent", to_seconds(message.at))
    header.add("InResponseTo", message.answers, sent=to_seconds(message.answers_at) if message.answers_at else "")
    header.add("Outcome", message.outcome)
    incident = page.put("Incident")
    incident.add("SharedId", message.incident)
    incident.add("AgencyReference", message.reference)
    incident.add("Title", message.title)
    incident.add("Type", message.type.words, code=message.type.code)
    incident.add("Grade", message.grade.words, code=message.grade.code)
    incident.add("MajorIncident", "true" if message.major else "")
    if message.place is not None:
        location = incident.put("Location")
        location.add("Said", message.place.said)
        if message.place.point is not None:
            location.add("Latitude", degrees(message.place.point[0]))
            location.add("Longitude", degrees(message.place.point[1]))
    incident.add("Description", message.description)
    for area in message.areas:
        shape = incident.put("Area")
        shape.add("Label", area.label)
        shape.add("Ring", " ".join(f"{degrees(lat)},{degrees(lon)}" for lat, lon in area.ring))
    casualties = page.put("Casualties")
    for category, count in message.casualties.items():
        casualties.add("Casualty", str(count), category=category)
    people = page.put("People")
    for told in message.persons:
        person = people.put("Person", role=told.role)
        person.add("Name", told.name)
        person.add("Born", told.born)
        person.add("Description", told.description)
    page.add("Note", message.note)
    return page.as_bytes()


def read(body: bytes) -> HandoverMessage:
    """Raises `NotThisFormatError`."""
    root = root_of(body)
    if root.name != "IncidentTransfer" or root.namespace != NAMESPACE:
        raise NotThisFormatError(f"the root must be IncidentTransfer in the namespace {NAMESPACE}")
    if root.attribute("version") != "1":
        raise NotThisFormatError("send version 1 of IncidentTransfer")
    header, incident = root.one("Header"), root.one("Incident")
    outcome, status, earlier = header.text("Outcome"), header.text("Status") or "actual", header.one("InResponseTo")
    return built(
        id=header.text("MessageId"),
        kind=chosen(header.text("MessageType"), KINDS, "MessageType"),
        status=chosen(status, STATUSES, "Status"),
        sender=header.text("SendingAgency"),
        receiver=header.text("ReceivingAgency"),
        at=from_time(header.text("Sent"), "Sent"),
        answers=earlier.text(),
        answers_at=from_time(earlier.attribute("sent"), "InResponseTo's sent") if earlier.attribute("sent") else 0,
        outcome=chosen(outcome, OUTCOMES, "Outcome") if outcome else "",
        note=root.text("Note"),
        casualties=dict(_casualty(one) for one in root.one("Casualties").all("Casualty")),
        persons=tuple(_person(one) for one in root.one("People").all("Person")),
        **_incident(incident),
    )


def _incident(incident: Tree) -> dict[str, Any]:
    return {
        "incident": incident.text("SharedId"),
        "reference": incident.text("AgencyReference"),
        "title": incident.text("Title"),
        "type": _coded(incident.one("Type")),
        "grade": _coded(incident.one("Grade")),
        "major": incident.text("MajorIncident").lower() in {"true", "1"},
        "place": _place(incident.one("Location")),
        "description": incident.text("Description"),
        "areas": tuple({"label": one.text("Label"), "ring": ring_of(one.text("Ring"))} for one in incident.all("Area")),
    }


def _coded(element: Tree) -> dict[str, str]:
    return {"code": element.attribute("code"), "words": element.text()}


def _place(location: Tree) -> dict[str, Any] | None:
    if not location:
        return None
    latitude, longitude = location.text("Latitude"), location.text("Longitude")
    if bool(latitude) != bool(longitude):
        raise NotThisFormatError("Location has a Latitude and a Longitude, or neither")
    point = {"latitude": number(latitude, "Latitude"), "longitude": number(longitude, "Longitude")} if latitude else {}
    return {"said": location.text("Said"), **point}


def ring_of(text: str) -> tuple[tuple[float, float], ...]:
    """`lat,lon lat,lon …`, as CAP writes a polygon too."""
    ring = []
    for pair in text.split():
        latitude, comma, longitude = pair.partition(",")
        if not comma:
            raise NotThisFormatError("a ring is written as latitude,longitude pairs with spaces between them")
        ring.append((number(latitude, "a latitude"), number(longitude, "a longitude")))
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise NotThisFormatError("a ring has at least four points and ends where it begins")
    return tuple(ring)


def _casualty(element: Tree) -> tuple[str, int]:
    text = element.text()
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise NotThisFormatError("a Casualty holds a number of people")
    return chosen(element.attribute("category"), CATEGORIES, "casualty category"), int(text)


def _person(element: Tree) -> dict[str, str]:
    role = chosen(element.attribute("role") or "other", ROLES, "role of a person")
    return {"role": role, "name": element.text("Name"), "born": element.text("Born"), "description": element.text("Description")}
