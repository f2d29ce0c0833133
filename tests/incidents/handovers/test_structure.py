"""CAP 1.2 and EDXL-SitRep as we write them keep to the structure that the standards describe: rules of our own, written from their text."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from hypothesis import given, settings

from bluelamp.incidents.gateways.message import HandoverMessage
from bluelamp.incidents.gateways.registry import FORMATS
from tests.incidents.handovers.messages import collision, messages

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ALERT = ("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses", "code", "note", "references",
         "incidents", "info")  # fmt: skip
INFO = ("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience", "eventCode", "effective", "onset",
        "expires", "senderName", "headline", "description", "instruction", "web", "contact", "parameter", "resource", "area")  # fmt: skip
AREA = ("areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling")
WORDS = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
PAIR = r"-?\d+(\.\d+)?,-?\d+(\.\d+)?"


def names(element: Element, space: str) -> list[str]:
    found = [child.tag for child in element]
    assert all(tag.startswith(space) for tag in found), found
    return [tag.removeprefix(space) for tag in found]


def in_order(found: list[str], order: tuple[str, ...], needed: set[str]) -> None:
    assert set(found) <= set(order)
    assert found == sorted(found, key=order.index)
    assert needed <= set(found)


def check_alert(body: bytes) -> None:
    alert = fromstring(body)
    assert alert.tag == f"{CAP}alert"
    in_order(names(alert, CAP), ALERT, {"identifier", "sender", "sent", "status", "msgType", "scope"})
    for element in alert.iter():
        name = element.tag.removeprefix(CAP)
        if name in WORDS:
            assert element.text in WORDS[name]
    for name in ("identifier", "sender"):
        assert not re.search(r"[\s,<&]", alert.findtext(f"{CAP}{name}"))
    assert TIME.fullmatch(alert.findtext(f"{CAP}sent"))
    references = alert.findtext(f"{CAP}references")
    if alert.findtext(f"{CAP}msgType") != "Alert":
        assert references, "what follows another message names it"
    for reference in (references or "").split():
        sender, identifier, sent = reference.split(",")
        assert sender
        assert identifier
        assert TIME.fullmatch(sent)
    for info in alert.iter(f"{CAP}info"):
        in_order(names(info, CAP), INFO, {"category", "event", "urgency", "severity", "certainty"})
        assert all((info.findtext(f"{CAP}{name}") or "").strip() for name in ("event",))
    for area in alert.iter(f"{CAP}area"):
        in_order(names(area, CAP), AREA, {"areaDesc"})
        assert area.findtext(f"{CAP}areaDesc")
        for polygon in area.iter(f"{CAP}polygon"):
            assert re.fullmatch(f"{PAIR}( {PAIR}){{3,}}", polygon.text)
            assert polygon.text.split()[0] == polygon.text.split()[-1]
        assert all(re.fullmatch(rf"{PAIR} \d+(\.\d+)?", circle.text) for circle in area.iter(f"{CAP}circle"))
    for pair in (*alert.iter(f"{CAP}parameter"), *alert.iter(f"{CAP}geocode")):
        assert names(pair, CAP) == ["valueName", "value"]


@settings(max_examples=150, deadline=None)
@given(messages())
def test_an_alert_keeps_to_the_structure_of_cap(message: HandoverMessage) -> None:
    check_alert(FORMATS["cap"].write(message))


def test_a_rule_that_is_broken_is_told() -> None:
    body = FORMATS["cap"].write(collision())
    for was, now in ((b"<status>Actual</status>", b""), (b">Severe<", b">Awful<"), (b"+00:00</sent>", b"Z</sent>")):
        assert was in body
        try:
            check_alert(body.replace(was, now))
        except AssertionError:
            continue
        raise RuntimeError(f"nobody noticed {now!r}")


SITREP = "{urn:oasis:names:tc:emergency:EDXL:SitRep:1.0}"
CT = "{urn:oasis:names:tc:emergency:edxl:ct:1.0}"
REPORT = ("messageID", "preparedBy", "authorizedBy", "reportPurpose", "reportNumber", "reportVersion", "forTimePeriod", "incidentID",
          "reportConfidence", "severity", "report")  # fmt: skip
OBSERVATION = ("observationLocation", "immediateNeeds", "immediateNeedsCategory", "observationText")


@settings(max_examples=100, deadline=None)
@given(messages().filter(lambda message: not message.is_receipt))
def test_a_situation_report_keeps_to_the_structure_of_sitrep(message: HandoverMessage) -> None:
    root = fromstring(FORMATS["sitrep"].write(message))
    assert root.tag == f"{SITREP}sitRep"
    found = names(root, SITREP)
    assert tuple(found) == REPORT, "every element is demanded, in this order"
    for name in ("preparedBy", "authorizedBy"):
        by = root.find(f"{SITREP}{name}")
        assert names(by, CT) == ["personDetails", "timeValue"]
        assert TIME.fullmatch(by.findtext(f"{CT}timeValue"))
    assert names(root.find(f"{SITREP}forTimePeriod"), CT) == ["fromDateTime", "toDateTime"]
    assert root.findtext(f"{SITREP}severity") in {"Extreme", "Severe", "Moderate", "Minor", "Unknown"}
    report = root.find(f"{SITREP}report")
    assert report.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "sitrep:FieldObservationType"
    assert tuple(names(report, SITREP)) == OBSERVATION
    for element in root.iter():
        assert len(element.text or "") <= 1023
    assert report.findtext(f"{SITREP}observationText")
    assert len(report.find(f"{SITREP}observationLocation")) == 1


def test_a_situation_report_says_where_and_who_is_hurt() -> None:
    body = FORMATS["sitrep"].write(collision()).decode()
    assert "54.2301 -2.718" in body
    assert "P1 2, P3 4" in body
    assert "RTC, persons trapped" in body
