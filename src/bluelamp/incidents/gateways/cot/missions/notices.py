"""What subscribers are told of a mission on their stream: created (`t-x-m-n`), changed (`t-x-m-c`), gone (`t-x-m-d`). Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from bluelamp.incidents.gateways.cot.joining.writing import plain
from bluelamp.incidents.gateways.cot.missions.changes import Change
from bluelamp.incidents.gateways.cot.missions.names import guid_of
from bluelamp.incidents.gateways.cot.wire.event import UNKNOWN_M, CotEvent
from bluelamp.kit.clock import to_rfc3339
from bluelamp.kit.ids import new_id

CREATED, CHANGED, GONE = "t-x-m-n", "t-x-m-c", "t-x-m-d"
LASTS_MS = 20_000
_WORDS = {CREATED: "CREATE", CHANGED: "CHANGE", GONE: "DELETE"}


def notice(kind: str, incident: str, number: str, by: str, now: int, changes: tuple[Change, ...] = ()) -> CotEvent:
    event = CotEvent(new_id(), kind, "h-g-i-g-o", now, now, now + LASTS_MS, ce=UNKNOWN_M, le=UNKNOWN_M)
    names = {"type": _WORDS[kind], "tool": "public", "name": number, "guid": guid_of(incident), "authorUid": plain(by)}
    mission = SubElement(event.detail, "mission", names)
    if changes:
        told = SubElement(mission, "MissionChanges")
        for change in changes:
            _write(SubElement(told, "MissionChange"), change, incident, number)
    return event


def _write(told: Element, change: Change, incident: str, number: str) -> None:
    texts = {
        "contentUid": change.uid, "creatorUid": change.by, "isFederatedChange": "false", "missionName": number,
        "missionGuid": guid_of(incident), "timestamp": to_rfc3339(change.at), "type": change.type,
    }  # fmt: skip
    for name, text in texts.items():
        if text:
            SubElement(told, name).text = plain(text)
    if change.details:
        attributes: dict[str, str] = {
            name: plain(str(change.details[name])) for name in ("type", "callsign", "color") if name in change.details
        }
        details = SubElement(told, "details", attributes)
        if place := change.details.get("location"):
            SubElement(details, "location", lat=str(place["lat"]), lon=str(place["lon"]))
    if change.content:
        resource = SubElement(told, "contentResource")
        for name in ("creatorUid", "expiration", "hash", "mimeType", "name", "size", "submissionTime", "submitter", "uid"):
            SubElement(resource, name).text = plain(str(change.content[name]))
        SubElement(resource, "filename").text = plain(str(change.content["name"]))
        SubElement(resource, "tool").text = "public"
