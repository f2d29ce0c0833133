"""Emergency Incident Data Object (NENA-STA-021.1, version 1.0), in JSON: components with ids of their own that refer to each other.

EIDO describes an incident as it is; it knows neither receipts nor the id of a message. Both travel in an `additionalDataComponent` of our
own, which others leave alone. Registries (incident types, statuses) were not at hand: our own codes stand in the internal members.
"""

from __future__ import annotations

from html import escape, unescape
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from bluelamp.incidents.gateways.markup import Tree, degrees, from_time, number, root_of, to_seconds
from bluelamp.incidents.gateways.members import Members, members_of, object_of, objects_of, text_of, texts_of
from bluelamp.incidents.gateways.message import HandoverMessage, NotThisFormatError, built

CARRIES = frozenset(HandoverMessage.model_fields) - {"areas"}
TYPE_REGISTRY = {"collision.injury": "MVAINJY", "collision.entrapment": "MVAINJY"}
"""Of the registry of incident types, what is known for certain; the rest is sent as OTHER."""
CLOSED = frozenset({"closed", "cancelled", "canceled", "completed"})
ROLES = {"casualty": "Victim", "witness": "Witness", "suspect": "Suspect", "missing": "Missing", "informant": "Caller", "other": "Other"}
PURPOSE = "bluelamp.handover"
VOCABULARY = "./JSON-LD_Contexts/EmergencyIncidentDataObjectType.jsonld"
PIDF = "urn:ietf:params:xml:ns:pidf"
URN = "urn:emergency:uid:incidentid:"


def write(message: HandoverMessage) -> bytes:
    agency, at = message.sender or "unknown", to_seconds(message.at)

    def component(name: str, **members: Any) -> Members:
        told = {"$id": f"{message.id}.{name}", "lastUpdateTimeStamp": at, "updatedByAgencyReference": {"$ref": agency}}
        return told | {key: value for key, value in members.items() if value not in ("", [], None)}

    persons = [_person(component, index, person) for index, person in enumerate(message.persons)]
    notes = [component(f"note{n}", notesActionComments=escape(text)) for n, text in enumerate((message.description, message.note)) if text]
    where = [component("location", **_location(message))] if message.place is not None else []
    incident = component(
        "incident",
        incidentTypeCommonRegistryText=TYPE_REGISTRY.get(message.type.code, "OTHER"),
        incidentTypeInternalCode=message.type.code,
        incidentTypeInternalText=message.type.words,
        incidentStatusCommonRegistryText=["Closed" if message.kind == "close" else "Active"],
        incidentPriorityInternalText=message.grade.words,
        internalIncidentId=message.reference,
        locationReference=[{"$ref": one["$id"]} for one in where],
        personReference=[{"$ref": one["$id"]} for one in persons],
        notesReference=[{"$ref": one["$id"]} for one in notes],
    )
    document: Members = {
        "@context": {"@vocab": VOCABULARY},
        "$id": message.incident if message.incident.startswith("urn:") else f"{URN}{message.incident}:{agency}",
        "lastUpdateTimeStamp": at,
        "updatedByAgencyReference": {"$ref": agency},
        "eidoVersion": "1.0",
        "issuingElementIdentification": agency,
        "incidentComponent": incident,
        "agencyComponent": [
            component(
                "agency", agencyRoleDescriptionRegistryText=["CallReceiving"], agencyType=["psap"], incidentOwningAgencyIndicator=True
            )
            | {"$id": agency}
        ],
        "locationComponent": where,
        "personComponent": persons,
        "notesComponent": notes,
        "additionalDataComponent": [component("handover", urlPurpose=PURPOSE, additionalDataByValue=_envelope(message))],
    }
    return msgspec.json.encode({key: value for key, value in document.items() if value != []})


def _person(component: Any, index: int, person: Any) -> Members:
    nc = {"ncPersonName": [{"ncPersonFullName": person.name}]} if person.name else {}
    nc |= {"ncPersonBirthDate": person.born} if person.born else {}
    nc |= {"ncPersonDescriptionText": [person.description]} if person.description else {}
    told: Members = component(f"person{index}", personIncidentRoleRegistryText=[ROLES[person.role]], ncPersonComponent=nc or None)
    return told


def _location(message: HandoverMessage) -> Members:
    place = message.place
    assert place is not None  # noqa: S101 - asked by who calls
    told: Members = {"locationTypeDescriptionRegistryText": "CurrentIncident", "locationDescriptionText": place.said}
    if place.point is not None:
        presence = Element("presence", {"xmlns": PIDF, "xmlns:gp": f"{PIDF}:geopriv10", "xmlns:gml": "http://www.opengis.net/gml"})
        presence.set("entity", f"pres:{message.sender}")
        info = SubElement(SubElement(SubElement(SubElement(presence, "tuple", id="i"), "status"), "gp:geopriv"), "gp:location-info")
        point = SubElement(info, "gml:Point", srsName="urn:ogc:def:crs:EPSG::4326")
        SubElement(point, "gml:pos").text = " ".join(degrees(value) for value in place.point)
        told["locationByValue"] = tostring(presence, "unicode")
    return told


def _envelope(message: HandoverMessage) -> str:
    """What EIDO has no member for."""
    envelope = Element("handover", {"xmlns": "urn:bluelamp:handover:1"})
    for name in ("id", "kind", "status", "sender", "receiver", "incident", "answers", "outcome"):
        if value := getattr(message, name):
            envelope.set(name, value)
    if message.answers_at:
        envelope.set("answers-at", to_seconds(message.answers_at))
    for name, text in {"title": message.title, "grade": message.grade.code, "major": "true" if message.major else ""}.items():
        if text:
            SubElement(envelope, name).text = text
    for name, text in {"description": message.description, "note": message.note}.items():
        SubElement(envelope, name, given="true" if text else "false")
    for category, count in message.casualties.items():
        SubElement(envelope, "casualties", category=category).text = str(count)
    return tostring(envelope, "unicode")


def read(body: bytes) -> HandoverMessage:
    """Raises `NotThisFormatError`."""
    document = members_of(body, "an EIDO")
    incident = next(iter(objects_of(document, "incidentComponent")), None)
    if incident is None:
        raise NotThisFormatError("an EIDO without incidentComponent says nothing to hand over")
    told = {text_of(one, "$id"): one for name in ("locationComponent", "notesComponent") for one in objects_of(document, name)}
    ours = next((one for one in objects_of(document, "additionalDataComponent") if one.get("urlPurpose") == PURPOSE), None)
    envelope = root_of(text_of(ours, "additionalDataByValue").encode("utf-8", "replace")) if ours is not None else Tree(None)
    at = from_time(text_of(document, "lastUpdateTimeStamp"), "lastUpdateTimeStamp")
    statuses = {one.casefold() for one in texts_of(incident, "incidentStatusCommonRegistryText")}
    kind = envelope.attribute("kind") or ("close" if statuses & CLOSED else "create")
    notes = [unescape(text_of(told[ref], "notesActionComments")) for ref in _refs(incident, "notesReference") if ref in told]
    if not envelope and not notes:
        notes = [unescape(text_of(one, "notesActionComments")) for one in objects_of(document, "notesComponent")]
    places = [told[ref] for ref in _refs(incident, "locationReference") if ref in told] or objects_of(document, "locationComponent")
    own = _own(envelope, notes) if envelope else {"description": "\n".join(notes)}
    return built(
        # An EIDO that is sent again unchanged is the same message.
        id=envelope.attribute("id") or f"{text_of(document, '$id')}@{at}",
        kind=kind,
        status=envelope.attribute("status") or "actual",
        sender=envelope.attribute("sender") if envelope else text_of(document, "issuingElementIdentification"),
        receiver=envelope.attribute("receiver"),
        at=at,
        incident=envelope.attribute("incident") if envelope else text_of(document, "$id"),
        answers=envelope.attribute("answers"),
        answers_at=from_time(envelope.attribute("answers-at"), "answers-at") if envelope.attribute("answers-at") else 0,
        outcome=envelope.attribute("outcome"),
        reference=text_of(incident, "internalIncidentId"),
        type={
            "code": text_of(incident, "incidentTypeInternalCode"),
            "words": text_of(incident, "incidentTypeInternalText")
            or ("" if envelope else text_of(incident, "incidentTypeCommonRegistryText")),
        },
        grade={"code": envelope.text("grade"), "words": text_of(incident, "incidentPriorityInternalText")},
        place=_place(places[0]) if places else None,
        persons=tuple(_told(one) for one in objects_of(document, "personComponent")),
        **own,
    )


def _own(envelope: Tree, notes: list[str]) -> Members:
    left = iter(notes)
    return {
        "title": envelope.text("title"),
        "major": envelope.text("major") == "true",
        "description": next(left, "") if envelope.one("description").attribute("given") == "true" else "",
        "note": next(left, "") if envelope.one("note").attribute("given") == "true" else "",
        "casualties": {one.attribute("category"): int(number(one.text(), "a number of casualties")) for one in envelope.all("casualties")},
    }


def _place(location: Members) -> Members:
    said, value = text_of(location, "locationDescriptionText"), text_of(location, "locationByValue")
    if not value:
        return {"said": said}
    presence = root_of(value.encode("utf-8", "replace"))
    numbers = presence.within("pos").text().split()
    if len(numbers) not in {2, 3}:
        streets = [presence.within(name).text() for name in ("HNO", "PRD", "RD", "STS", "A3", "A1", "PC")]
        return {"said": said or " ".join(text for text in streets if text)}
    return {"said": said, "latitude": number(numbers[0], "gml:pos"), "longitude": number(numbers[1], "gml:pos")}


def _told(person: Members) -> Members:
    roles, nc = texts_of(person, "personIncidentRoleRegistryText"), object_of(person, "ncPersonComponent")
    names, described = objects_of(nc, "ncPersonName"), texts_of(nc, "ncPersonDescriptionText")
    return {
        "role": next((role for role, name in ROLES.items() if name in roles), "other"),
        "name": text_of(names[0], "ncPersonFullName") if names else "",
        "born": text_of(nc, "ncPersonBirthDate"),
        "description": described[0] if described else "",
    }


def _refs(members: Members, name: str) -> list[str]:
    return [text_of(one, "$ref") for one in objects_of(members, name)]
