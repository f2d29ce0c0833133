"""EDXL Situation Reporting 1.0 (OASIS, 2016), sent only: a field observation, the report kind that an incident's state answers best.

The order of elements follows the published schema. Nobody answers a situation report: that it was taken is its receipt.
"""

from __future__ import annotations

from bluelamp.incidents.gateways.markup import Page, degrees, to_seconds
from bluelamp.incidents.gateways.message import CannotCarryError, HandoverMessage

NAMESPACES = {
    "xmlns": "urn:oasis:names:tc:emergency:EDXL:SitRep:1.0",
    "xmlns_sitrep": "urn:oasis:names:tc:emergency:EDXL:SitRep:1.0",
    "xmlns_ct": "urn:oasis:names:tc:emergency:edxl:ct:1.0",
    "xmlns_gml": "http://www.opengis.net/gml/3.2",
    "xmlns_xnl": "urn:oasis:names:tc:emergency:edxl:ciq:1.0:xnl",
    "xmlns_xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
PLACES = "urn:bluelamp:place"
"""The list that a place in words is a value of: the schema has no other member for one."""
SEVERITIES = {"emergency": "Severe", "priority": "Moderate", "scheduled": "Minor"}
NEEDS = {"fire": "FireAndHazardousMaterials", "hazmat": "FireAndHazardousMaterials"}
TEXT_MAX = 1023
"""Characters of an EDXL string."""
VERSIONS = {"create": "Initial", "update": "Update", "close": "Final"}


def write(message: HandoverMessage) -> bytes:
    """Raises `CannotCarryError`: a receipt is no situation."""
    if message.is_receipt:
        raise CannotCarryError("a situation report has no receipts")
    page = Page.of("sitRep", **NAMESPACES)
    page.add("messageID", message.id)
    for name in ("preparedBy", "authorizedBy"):
        by = page.put(name)
        by.put("ct:personDetails").put("xnl:personName").add("xnl:nameElement", message.sender or "unknown")
        by.add("ct:timeValue", to_seconds(message.at))
    page.add("reportPurpose", message.title or "Situation")
    page.add("reportNumber", message.reference or message.incident or message.id)
    page.add("reportVersion", VERSIONS[message.kind])
    period = page.put("forTimePeriod")
    period.add("ct:fromDateTime", to_seconds(message.at))
    period.add("ct:toDateTime", to_seconds(message.at))
    page.add("incidentID", message.incident or message.id)
    page.add("reportConfidence", "SomewhatConfident")
    page.add("severity", "Extreme" if message.major else SEVERITIES.get(message.grade.code, "Unknown"))
    _observation(page.put("report", **{"xsi:type": "sitrep:FieldObservationType"}), message)
    return page.as_bytes()


def _observation(report: Page, message: HandoverMessage) -> None:
    place, where = message.place, report.put("observationLocation")
    if place is not None and place.point is not None:
        point = where.put("ct:EDXLGeoLocation").put("gml:point", **{"gml:Id": "place", "SrsName": "urn:ogc:def:crs:EPSG::4326"})
        point.add("gml:pos", " ".join(degrees(value) for value in place.point))
    else:
        code = where.put("ct:EDXLGeoPoliticalLocation").put("ct:geoCode")
        code.add("ct:valueListURI", PLACES)
        code.add("ct:value", (place.said if place else "") or "not known")
    report.add("immediateNeeds", message.note[:TEXT_MAX] or "See the observation.")
    report.add("immediateNeedsCategory", NEEDS.get(message.type.code.partition(".")[0], "EmergencyMedicalServices"))
    hurt = ", ".join(f"{category.replace('_', ' ')} {count}" for category, count in message.casualties.items() if count)
    parts = (
        f"{message.type.words or message.type.code}: {message.title}", f"Graded {message.grade.words}" if message.grade.words else "",
        f"At {place.said}" if place and place.said else "", f"Casualties: {hurt}" if hurt else "", message.description,
        "Major incident declared" if message.major else "", *(f"{area.label} drawn" for area in message.areas if area.label),
    )  # fmt: skip
    report.add("observationText", "\n".join(part for part in parts if part)[:TEXT_MAX])
