"""What changed in a mission: events of the incident's log that are about what is on the map or attached. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.domain.state import Entity, IncidentState
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
    audience: tuple[str, ...] = ()
    """The only agencies that hear of it; none: all of the incident."""

    @property
    def about(self) -> str:
        return self.uid or (self.content["uid"] if self.content else "")


def change_of(event: Event, uid: str, picture: dict[str, dict[str, Any]], state: IncidentState) -> Change | None:
    """None where clients see nothing of it. `uid`: what devices call the drawing; `picture`: uid -> details, of what is there now."""
    kind, by, audience = KINDS[event.kind], event.call_sign or event.name, _audience(event, state)
    if event.kind.startswith("incident."):
        return Change(kind, event.at, by)
    if event.kind.startswith("media."):
        media = state.media.get(event.data["media"])
        return Change(kind, event.at, by, content=shapes.content(media), audience=audience) if media is not None else None
    if event.kind.startswith("casualty."):
        uid = writing.casualty_uid(event.data["casualty"])
        if kind == ADDED and uid not in picture:
            return None  # without a place, or struck since
    details = picture.get(uid) or {"type": "b-m-p-s-m", "callsign": event.data.get("label", "")}
    return Change(kind, event.at, by, uid, details, audience=audience)


def _audience(event: Event, state: IncidentState) -> tuple[str, ...]:
    """Of what is for some agencies only, those, also where a later word about it was said to all."""
    things: tuple[tuple[str, Mapping[str, Entity]], ...] = (
        ("media", state.media), ("casualty", state.casualties), ("feature", state.features),
    )  # fmt: skip
    about = next((known for name, kept in things if (known := kept.get(event.data.get(name, ""))) is not None), None)
    return tuple(about.audience if about is not None and about.audience else event.audience)


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
