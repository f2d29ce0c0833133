"""What changed in a mission: events of the incident's log that are about what is on the map or attached. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.gateways.cot.joining import writing
from bluelamp.incidents.gateways.cot.missions import shapes
from bluelamp.incidents.gateways.cot.missions.names import guid_of
from bluelamp.kit.clock import to_rfc3339

ADDED, REMOVED, CREATED, DELETED = "ADD_CONTENT", "REMOVE_CONTENT", "CREATE_MISSION", "DELETE_MISSION"
KINDS = {
    "incident.opened": CREATED, "incident.closed": DELETED, "feature.drawn": ADDED, "feature.removed": REMOVED, "casualty.found": ADDED,
    "casualty.triaged": ADDED, "casualty.moved": ADDED, "casualty.handed_over": ADDED, "casualty.struck": REMOVED, "media.added": ADDED,
    "media.hidden": REMOVED,
}  # fmt: skip


class Change(NamedTuple):
    """`uid` of a marker, or `content` of an attachment; neither where the mission itself came or went. `details`: see `shapes.details`."""

    type: str
    at: int
    by: str
    uid: str = ""
    details: dict[str, Any] | None = None
    content: dict[str, Any] | None = None

    @property
    def about(self) -> str:
        return self.uid or (self.content["uid"] if self.content else "")


def change_of(event: Event, uid: str, picture: dict[str, dict[str, Any]], state: IncidentState) -> Change | None:
    """None where clients see nothing of it. `uid`: what devices call the drawing; `picture`: uid -> details, of what is there now."""
    kind, by = KINDS[event.kind], event.call_sign or event.name
    if event.kind.startswith("incident."):
        return Change(kind, event.at, by)
    if event.kind.startswith("media."):
        media = state.media.get(event.data["media"])
        return Change(kind, event.at, by, content=shapes.content(media)) if media is not None else None
    if event.kind.startswith("casualty."):
        uid = writing.casualty_uid(event.data["casualty"])
        if kind == ADDED and uid not in picture:
            return None  # without a place, or struck since
    return Change(kind, event.at, by, uid, picture.get(uid) or {"type": "b-m-p-s-m", "callsign": event.data.get("label", "")})


def squashed(changes: Iterable[Change]) -> list[Change]:
    """Of each thing the last word only."""
    last: dict[str, Change] = {}
    for change in changes:
        key = change.about or change.type
        last.pop(key, None)
        last[key] = change
    return list(last.values())


def shape(change: Change, incident: str, number: str) -> dict[str, Any]:
    at = to_rfc3339(change.at)
    made: dict[str, Any] = {
        "isFederatedChange": False, "type": change.type, "missionName": number, "missionGuid": guid_of(incident), "timestamp": at,
        "serverTime": at, "creatorUid": change.by,
    }  # fmt: skip
    if change.uid:
        made |= {"contentUid": change.uid, "details": change.details or {}}
    if change.content:
        made["contentResource"] = change.content
    return made
