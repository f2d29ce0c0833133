"""UCRI2, Germany's interface between control rooms (PMeV/EFUL, public JSON schemas): envelope of the transport 2.0 and the app
`incident_transfer` 1.0 with its messages incident, acknowledgement and completion, and notes of the app `notification_text` 1.0.

Its own transport (registration at a UCRM, receive and commit) is not spoken: the envelope is posted as it is. Ids there are UUIDs and
addresses are OIDs; our ids have the same 128 bits, so each has one name on either side.
"""

from __future__ import annotations

import re
from typing import Any, get_args
from uuid import UUID

import msgspec

from bluelamp.incidents.gateways.markup import from_time, to_seconds
from bluelamp.incidents.gateways.members import Members, members_of, object_of, objects_of, text_of, texts_of
from bluelamp.incidents.gateways.message import RECEIPT, CannotCarryError, Category, HandoverMessage, NotThisFormatError, built, chosen
from bluelamp.kit.ids import decode_base32, encode_base32

CARRIES = frozenset(HandoverMessage.model_fields) - {"areas"}
CARRIES_CLOSING = RECEIPT - {"outcome"}
PLACELESS = "nicht bekannt"
"""A place is demanded: what an address says that nobody knows yet."""
STATUS = {200: "received", 502: "refused", 504: "refused"}
SCHEMAS = {
    ("incident_transfer", "incident"), ("incident_transfer_with_patient", "incident"), ("incident_transfer_police", "incident"),
    ("incident_transfer", "acknowledgement"), ("incident_transfer_with_patient", "acknowledgement"),
    ("incident_transfer_police", "acknowledgement"), ("incident_transfer", "completion"), ("incident_transfer_with_patient", "completion"),
    ("incident_transfer_police", "completion"), ("notification_text", "notification"),
    ("transport_layer_messages", "message_delivery_status"),
}  # fmt: skip
_OID = re.compile(r"([0-9]+\.?)+")


def to_uuid(identifier: str) -> str:
    """Raises `CannotCarryError`: not one of our ids."""
    try:
        return str(UUID(int=decode_base32(identifier)))
    except ValueError:
        raise CannotCarryError("UCRI2 names things by UUID, and this id is none") from None


def from_uuid(text: str, what: str) -> str:
    """Raises `NotThisFormatError`."""
    try:
        return encode_base32(UUID(text).int, 26)
    except ValueError:
        raise NotThisFormatError(f"{what} is not a UUID") from None


def write(message: HandoverMessage) -> bytes:
    """Raises `CannotCarryError`: addresses that are no OIDs, ids that are no UUIDs."""
    for address, whose in ((message.sender, "own_address"), (message.receiver, "address")):
        if not _OID.fullmatch(address):
            raise CannotCarryError(f"UCRI2 addresses are OIDs such as 1.2.276.0.99: set the partner's {whose}")
    kinds = {"receipt": ("acknowledgement", _acknowledgement), "close": ("completion", _completion)}
    schema, make = kinds.get(message.kind, ("incident", _incident))
    tags = {"status": message.status if message.status != "actual" else "", "reference": message.reference}
    tags |= {"answers": to_uuid(message.answers) if message.answers else ""}
    tags |= {"answers_at": to_seconds(message.answers_at) if message.answers_at else ""}
    envelope: Members = {
        "messageId": to_uuid(message.id),
        "sentDate": to_seconds(message.at),
        "timeout": 300,
        "ack": "NONE",
        "source": message.sender,
        "destinations": [message.receiver],
        "tags": [f"{key}:{value}" for key, value in tags.items() if value],
        "payload": {
            "appId": "incident_transfer",
            "appVersion": "1.0",
            "schemaId": schema,
            "contentType": "application/json",
            "data": msgspec.json.encode({key: value for key, value in make(message).items() if value not in ("", [])}).decode(),
        },
    }
    return msgspec.json.encode({key: value for key, value in envelope.items() if value != []})


def _incident(message: HandoverMessage) -> Members:
    place = message.place
    location: Members = {}
    if place is None or place.point is None:
        location["address"] = {"street": (place.said if place else "") or PLACELESS}
    if place is not None and place.point is not None:
        location["coordinate"] = {"lat": place.point[0], "lon": place.point[1]}
        location |= {"additionalInformation": place.said} if place.said else {}
    at = to_seconds(message.at)
    remarks = [{"timestamp": at, "message": text, "category": category} for category, text in _remarks(message).items() if text]
    informants = [person for person in message.persons if person.role == "informant" and person.name]
    return {
        "sharedIncidentId": to_uuid(message.incident),
        "internalId": message.reference,
        "classifications": [message.type.code] if message.type.code else [],
        "issue": message.title,
        "flashingLights": message.grade.code == "emergency",
        "additionalInformation": message.description,
        "sentByDispatcherAt": at,
        "missionLocation": location,
        "informers": [
            {key: value for key, value in {"name": one.name, "additionalInformation": one.description}.items() if value}
            for one in informants
        ],
        "protocolRemarks": remarks,
    }


def _remarks(message: HandoverMessage) -> dict[str, str]:
    """What incident_transfer has no member for, as remarks of categories that everybody can read."""
    persons = [one.model_dump(exclude_defaults=True) for one in message.persons]
    return {
        "update": (message.note or "-") if message.kind == "update" else "",
        "note": message.note if message.kind == "create" else "",
        "type": message.type.words,
        "grade": message.grade.words,
        "grade_code": message.grade.code,
        "major": "METHANE" if message.major else "",
        "place": "" if message.place else "none",
        "casualties": ", ".join(f"{category} {count}" for category, count in message.casualties.items()),
        "persons": msgspec.json.encode(persons).decode() if persons else "",
    }


def _acknowledgement(message: HandoverMessage) -> Members:
    status = "rejected" if message.outcome == "refused" else "accepted"
    return {
        "sharedIncidentId": to_uuid(message.incident), "acknowledgedByDispatcherAt": to_seconds(message.at), "status": status,
        "cause": message.note,
    }  # fmt: skip


def _completion(message: HandoverMessage) -> Members:
    return {
        "sharedIncidentId": to_uuid(message.incident), "completedAt": to_seconds(message.at), "status": "completed_sucessfully",
        "additionalInformation": message.note,
    }  # fmt: skip


def read(body: bytes) -> HandoverMessage:
    """Raises `NotThisFormatError`."""
    envelope = members_of(body, "a UCRI2 envelope")
    payload = object_of(envelope, "payload")
    if not payload:
        raise NotThisFormatError("a UCRI2 envelope has a payload with appId, schemaId and data")
    if payload.get("contentType") != "application/json" or not isinstance(payload.get("data"), str):
        raise NotThisFormatError("data is sent as application/json, unencrypted: application/jose is not understood")
    app = (text_of(payload, "appId"), text_of(payload, "schemaId"))
    chosen("/".join(app), {"/".join(one): None for one in SCHEMAS}, "app and schema")
    data = members_of(payload["data"].encode("utf-8", "replace"), "the payload's data")
    destinations = texts_of(envelope, "destinations") or [text_of(envelope, "destination")]
    tags = dict(tag.partition(":")[::2] for tag in texts_of(envelope, "tags"))
    common: Members = {
        "id": from_uuid(text_of(envelope, "messageId"), "messageId"),
        "sender": text_of(envelope, "source"),
        "receiver": destinations[0],
        "at": from_time(text_of(envelope, "sentDate"), "sentDate"),
        "status": tags.get("status", "actual"),
        "reference": tags.get("reference", ""),
        "answers": from_uuid(tags["answers"], "the tag answers") if tags.get("answers") else "",
        "answers_at": from_time(tags["answers_at"], "the tag answers_at") if tags.get("answers_at") else 0,
    }
    if app[1] == "message_delivery_status":
        return built(**common | _delivered(data))
    common["incident"] = from_uuid(text_of(data, "sharedIncidentId"), "sharedIncidentId")
    told = {"incident": _told, "acknowledgement": _acknowledged, "completion": _completed, "notification": _noted}[app[1]]
    return built(**common | {key: value for key, value in told(data).items() if key != "reference" or value})


def _told(data: Members) -> Members:
    listed = objects_of(data, "protocolRemarks")
    ours = {text_of(one, "category"): text_of(one, "message") for one in listed}
    codes = texts_of(data, "classifications")
    others = [text_of(one, "message") for one in listed if text_of(one, "category") not in _OWN]
    update = "update" in ours
    note = ours.get("update", "").removeprefix("-") if update else ours.get("note", "")
    return _own(ours) | {
        "kind": "update" if update else "create",
        "reference": text_of(data, "internalId"),
        "title": text_of(data, "issue"),
        "type": {"code": codes[0] if codes else "", "words": ours.get("type", "") or " ".join(codes[1:])},
        "grade": {"code": ours.get("grade_code", "") or ("emergency" if data.get("flashingLights") is True else ""),
                  "words": ours.get("grade", "")},
        "place": None if ours.get("place") == "none" else _place(object_of(data, "missionLocation")),
        "description": text_of(data, "additionalInformation"),
        "note": "\n".join(text for text in (note, *others) if text),
        "persons": _persons(ours["persons"]) if "persons" in ours else _people(data),
    }  # fmt: skip


_OWN = frozenset({"update", "note", "type", "grade", "grade_code", "major", "place", "casualties", "persons"})


def _own(ours: Members) -> Members:
    casualties: dict[str, int] = {}
    for part in filter(None, str(ours.get("casualties", "")).split(", ")):
        category, _, count = part.partition(" ")
        if not (count.isascii() and count.isdigit() and len(count) <= 6):
            raise NotThisFormatError("a remark of the category casualties is written as `P1 2, P3 1`")
        casualties[chosen(category, frozenset(get_args(Category)), "casualty category")] = int(count)
    return {"casualties": casualties, "major": ours.get("major") == "METHANE"}


def _persons(text: str) -> Any:
    try:
        return tuple(msgspec.json.decode(text, type=list[dict[str, str]]))
    except (msgspec.DecodeError, RecursionError):
        raise NotThisFormatError("the remark persons is a JSON list") from None


def _people(data: Members) -> Any:
    told = []
    for name, role in (("informers", "informant"), ("patients", "casualty"), ("victimPersons", "casualty"), ("accusedPersons", "suspect")):
        for one in objects_of(data, name):
            full = f"{text_of(one, 'surname')} {text_of(one, 'name')}".strip()  # there, surname is the given name
            more = " ".join(filter(None, (text_of(one, "phone"), text_of(one, "additionalInformation"))))
            told.append({"role": role, "name": full, "born": text_of(one, "dateOfBirth"), "description": more})
    return tuple(told)


def _place(location: Members) -> Members:
    address, coordinate = object_of(location, "address"), object_of(location, "coordinate")
    if not address and not coordinate:
        raise NotThisFormatError("missionLocation has a coordinate or an address")
    street = " ".join(filter(None, (text_of(address, "street"), text_of(address, "houseNumber"))))
    town = " ".join(filter(None, (text_of(address, "postalCode"), text_of(address, "city"), text_of(address, "cityDistrict"))))
    named = [text_of(object_of(location, name), "name") for name in ("object", "superiorObject")]
    parts = (*named, text_of(location, "floor"), text_of(location, "room"), street, town, text_of(location, "additionalInformation"))
    said = ", ".join(part for part in parts if part)
    if not coordinate:
        return {"said": said.replace(PLACELESS, "", 1) if said == PLACELESS else said}
    return {"said": said, "latitude": coordinate.get("lat"), "longitude": coordinate.get("lon")}


def _completed(data: Members) -> Members:
    from_time(text_of(data, "completedAt"), "completedAt")
    status = chosen(text_of(data, "status"), frozenset({"completed_sucessfully", "aborted"}), "status of completion")
    return {"kind": "close", "note": text_of(data, "additionalInformation") or ("aborted" if status == "aborted" else "")}


def _acknowledged(data: Members) -> Members:
    status = chosen(text_of(data, "status"), frozenset({"accepted", "rejected"}), "status of acknowledgement")
    return {"kind": "receipt", "outcome": "refused" if status == "rejected" else "received", "note": text_of(data, "cause")}


def _delivered(data: Members) -> Members:
    """The transport's own word about one of our messages."""
    code = data.get("statusCode")
    if not isinstance(code, int) or code not in STATUS:
        raise NotThisFormatError("statusCode is 200, 502 or 504")
    answers = from_uuid(text_of(data, "refMessageId"), "refMessageId")
    return {"kind": "receipt", "outcome": STATUS[code], "answers": answers, "note": text_of(data, "statusMessage")}


def _noted(data: Members) -> Members:
    subject, text = text_of(data, "category"), text_of(data, "message")
    return {"kind": "update", "note": f"{subject}: {text}" if subject else text}
