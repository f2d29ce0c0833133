"""Common Alerting Protocol 1.2 (OASIS, 2010): warnings in, and alerts about an incident's area out.

Alert is a create, Update an update, Cancel a close, Ack and Error a receipt. An alert is read by the public: it carries no person, no
casualty and nothing of the log.
"""

from __future__ import annotations

import math
from typing import Any

from bluelamp.incidents.gateways.mait import ring_of
from bluelamp.incidents.gateways.markup import Page, Tree, degrees, from_time, number, root_of, to_seconds
from bluelamp.incidents.gateways.message import AREAS_MAX, CannotCarryError, HandoverMessage, NotThisFormatError, built, chosen

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CARRIES = frozenset(HandoverMessage.model_fields) - {"casualties", "persons", "receiver"}
TYPES = {"create": "Alert", "update": "Update", "close": "Cancel"}
KINDS = frozenset({"Alert", "Update", "Cancel", "Ack", "Error"})
STATUSES = {"Actual": "actual", "Exercise": "exercise", "Test": "test", "System": "test", "Draft": "test"}
SCOPES = frozenset({"Public", "Restricted", "Private"})
SEVERITIES = {"Extreme": "emergency", "Severe": "emergency", "Moderate": "priority", "Minor": "scheduled", "Unknown": "priority"}
URGENCIES = frozenset({"Immediate", "Expected", "Future", "Past", "Unknown"})
CERTAINTIES = frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown"})
CATEGORIES = frozenset({"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"})
CATEGORY_OF = {
    "collision": "Transport", "obstruction": "Transport", "rail": "Transport", "aircraft": "Transport", "fire": "Fire",
    "hazmat": "CBRNE", "explosion": "Safety", "collapse": "Safety", "rescue": "Rescue", "flood": "Met", "medical": "Health",
    "violence": "Security", "marauding_attack": "Security", "public_order": "Security", "power": "Infra",
}  # fmt: skip
"""By the first part of what a type means to all; anything else is Other."""
TYPE_OF = {"Met": "flood", "Fire": "fire.open", "CBRNE": "hazmat", "Transport": "obstruction", "Health": "medical", "Infra": "power"}
"""What a warning of others is to us where its event says no more."""
SEVERITY_OF = {"emergency": "Severe", "priority": "Moderate", "scheduled": "Minor"}
OURS = "bluelamp."
"""Value names of our own parameters."""
CIRCLE_POINTS = 24
EARTH_KM = 6371.0088


def write(message: HandoverMessage) -> bytes:
    """Raises `CannotCarryError`: CAP names its sender."""
    if not message.sender:
        raise CannotCarryError("CAP names its sender: give the partner an address of ours (own_address)")
    page = Page.of("alert", xmlns=NAMESPACE)
    page.add("identifier", message.id)
    page.add("sender", message.sender)
    page.add("sent", to_seconds(message.at))
    page.add("status", {"actual": "Actual", "exercise": "Exercise", "test": "Test"}[message.status])
    page.add("msgType", ("Error" if message.outcome == "refused" else "Ack") if message.is_receipt else TYPES[message.kind])
    page.add("scope", "Public")
    page.add("note", message.note)
    if message.answers:
        author = message.receiver if message.is_receipt else message.sender
        page.add("references", f"{author or message.sender},{message.answers},{to_seconds(message.answers_at)}")
    page.add("incidents", message.incident)
    if not message.is_receipt:
        _info(page, message)
    return page.as_bytes()


def _info(page: Page, message: HandoverMessage) -> None:
    info = page.put("info")
    info.add("language", "en-GB")
    info.add("category", CATEGORY_OF.get(message.type.code.partition(".")[0], "Other"))
    info.add("event", message.type.words or message.type.code or message.title or "Incident")
    info.add("urgency", "Immediate" if message.grade.code == "emergency" else "Unknown")
    info.add("severity", "Extreme" if message.major else SEVERITY_OF.get(message.grade.code, "Unknown"))
    info.add("certainty", "Observed")
    info.add("headline", message.title)
    info.add("description", message.description)
    place = message.place
    own = {
        "version": "1", "type": message.type.code, "type-words": message.type.words, "grade": message.grade.code,
        "grade-words": message.grade.words, "reference": message.reference, "major": "true" if message.major else "",
        "located": "true" if place else "", "place": place.said if place else "",
        "point": ",".join(degrees(value) for value in place.point) if place and place.point else "",
    }  # fmt: skip
    for name, value in own.items():
        if value:
            parameter = info.put("parameter")
            parameter.add("valueName", f"{OURS}{name}")
            parameter.add("value", value)
    for area in message.areas:
        shape = info.put("area")
        shape.add("areaDesc", area.label or "Area")
        shape.add("polygon", " ".join(f"{degrees(lat)},{degrees(lon)}" for lat, lon in area.ring))
        if not area.label:
            code = shape.put("geocode")
            code.add("valueName", f"{OURS}unnamed")
            code.add("value", "true")
    if not message.areas:
        shape = info.put("area")
        shape.add("areaDesc", (place.said if place else "") or "See the description")
        if place and place.point:
            shape.add("circle", f"{','.join(degrees(value) for value in place.point)} 0")


def read(body: bytes) -> HandoverMessage:
    """Raises `NotThisFormatError`."""
    root = root_of(body)
    if root.name != "alert" or root.namespace != NAMESPACE:
        raise NotThisFormatError(f"the root must be alert in the namespace {NAMESPACE}")
    msg_type = chosen(root.text("msgType"), KINDS, "msgType")
    chosen(root.text("scope"), SCOPES, "scope")
    receipt = msg_type in {"Ack", "Error"}
    references = root.text("references").split()
    _, answers, answered = references[0].split(",") if references and references[0].count(",") == 2 else ("", "", "")
    if msg_type != "Alert" and not answers:
        raise NotThisFormatError(f"{msg_type} names the message that it is about in references, as sender,identifier,sent")
    return built(
        id=root.text("identifier"),
        kind="receipt" if receipt else next(kind for kind, name in TYPES.items() if name == msg_type),
        sender=root.text("sender"),
        at=from_time(root.text("sent"), "sent"),
        status=STATUSES[chosen(root.text("status"), STATUSES, "status")],
        outcome={"Ack": "received", "Error": "refused"}.get(msg_type, ""),
        answers=answers,
        answers_at=from_time(answered, "the time in references") if answered else 0,
        note=root.text("note"),
        # An alert of others often names no incident; what follows it refers to the first of its kind.
        incident=_first(root.text("incidents")) or ("" if receipt else answers or root.text("identifier")),
        **({} if receipt else _told(root.one("info"))),
    )


def _first(listed: str) -> str:
    """The first of a list with spaces between, quoted where one holds spaces."""
    if listed.startswith('"'):
        return listed[1:].partition('"')[0].replace(" ", "_")
    return listed.partition(" ")[0]


def _told(info: Tree) -> dict[str, Any]:
    if not info:
        return {}
    chosen(info.text("urgency"), URGENCIES, "urgency")
    chosen(info.text("certainty"), CERTAINTIES, "certainty")
    severity = chosen(info.text("severity"), SEVERITIES, "severity")
    category = chosen(info.text("category"), CATEGORIES, "category")
    given = {one.text("valueName"): one.text("value") for one in info.all("parameter")}
    areas, place = _areas(info)
    if given.get(f"{OURS}version"):
        return _ours(info, {name.removeprefix(OURS): value for name, value in given.items()}) | {"areas": areas}
    texts = [info.text("description"), info.text("instruction"), *[f"{name}: {value}" for name, value in given.items() if value]]
    return {
        "title": info.text("headline") or info.text("event"),
        "type": {"code": TYPE_OF.get(category, ""), "words": info.text("event")},
        "grade": {"code": SEVERITIES[severity], "words": f"{severity}, {info.text('urgency')}, {info.text('certainty')}"},
        "description": "\n".join(text for text in texts if text),
        "place": place,
        "areas": areas,
    }


def _ours(info: Tree, own: dict[str, str]) -> dict[str, Any]:
    """What another Bluelamp says beside the words that everybody reads."""
    point = [number(part, "bluelamp.point") for part in own.get("point", "").split(",") if part]
    if len(point) not in {0, 2}:
        raise NotThisFormatError("bluelamp.point is latitude,longitude")
    located = dict(zip(("latitude", "longitude"), point, strict=False))
    return {
        "title": info.text("headline"),
        "type": {"code": own.get("type", ""), "words": own.get("type-words", "")},
        "grade": {"code": own.get("grade", ""), "words": own.get("grade-words", "")},
        "major": own.get("major") == "true",
        "reference": own.get("reference", ""),
        "description": info.text("description"),
        "place": {"said": own.get("place", ""), **located} if "located" in own else None,
    }


def _areas(info: Tree) -> tuple[tuple[dict[str, Any], ...], dict[str, Any] | None]:
    """Rings of polygons and circles, and where it is, by the first area."""
    areas: list[dict[str, Any]] = []
    place: dict[str, Any] | None = None
    for area in info.all("area"):
        unnamed = any(code.text("valueName") == f"{OURS}unnamed" for code in area.all("geocode"))
        label = "" if unnamed else area.text("areaDesc")
        areas += [{"label": label, "ring": ring_of(one.text())} for one in area.all("polygon")]
        circles = [_circle(one.text()) for one in area.all("circle")]
        areas += [{"label": label, "ring": _ring(*circle)} for circle in circles if circle[2] > 0]
        middle = circles[0][:2] if circles else areas[0]["ring"][0] if areas else None
        if place is None and (label or middle):
            place = {"said": label, **({"latitude": middle[0], "longitude": middle[1]} if middle else {})}
    return tuple(areas[:AREAS_MAX]), place


def _circle(text: str) -> tuple[float, float, float]:
    """`lat,lon radius`, the radius in kilometres."""
    centre, _, radius = text.partition(" ")
    latitude, comma, longitude = centre.partition(",")
    if not comma or not radius:
        raise NotThisFormatError("a circle is written as latitude,longitude and a radius in kilometres")
    return number(latitude, "a latitude"), number(longitude, "a longitude"), number(radius, "a radius")


def _ring(latitude: float, longitude: float, radius_km: float) -> tuple[tuple[float, float], ...]:
    """A circle as a ring; near enough for a map, refused where it would reach a pole or half the world."""
    reach = math.degrees(radius_km / EARTH_KM)
    if not (0 < reach < 20 and abs(latitude) + reach < 89):
        raise NotThisFormatError("a circle has at most 2,200 km and leaves the poles out: send a polygon")
    points = []
    for step in range(CIRCLE_POINTS):
        turn = 2 * math.pi * step / CIRCLE_POINTS
        east = longitude + reach * math.sin(turn) / math.cos(math.radians(latitude))
        points.append((latitude + reach * math.cos(turn), (east + 180) % 360 - 180))
    return (*points, points[0])
