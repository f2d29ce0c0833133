"""Missions in JSON, as clients read them. Pure. What a mission has and an incident has not is empty."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.domain.state import IncidentState, Media
from bluelamp.incidents.gateways.cot.missions.names import guid_of
from bluelamp.incidents.gateways.cot.missions.picture import Shown
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.media.formats import FORMATS
from bluelamp.kit.clock import to_rfc3339

READS, WRITES = "MISSION_READ", "MISSION_WRITE"
Shape = dict[str, Any]


def role(*, writes: bool) -> Shape:
    """Nobody owns a mission from a device: incidents are run in Bluelamp."""
    if writes:
        return {"type": "MISSION_SUBSCRIBER", "permissions": [READS, WRITES]}
    return {"type": "MISSION_READONLY_SUBSCRIBER", "permissions": [READS]}


def mission(incident: str, number: str, title: str, opened_at: str, lead: str, agencies: list[str]) -> Shape:
    """Without its contents."""
    return {
        "name": number, "guid": guid_of(incident), "description": title, "chatRoom": number, "baseLayer": "", "bbox": "", "path": "",
        "classification": "", "tool": "public", "keywords": [], "creatorUid": lead, "createTime": opened_at, "externalData": [],
        "feeds": [], "mapLayers": [], "defaultRole": role(writes=True), "inviteOnly": False, "expiration": -1,
        "passwordProtected": False, "groups": agencies, "uids": [], "contents": [],
    }  # fmt: skip


def whole(state: IncidentState, picture: list[Shown], agency: str) -> Shape:
    """With all that an agency sees of it."""
    made = mission(state.id, state.number, state.title, state.opened_at, state.lead, sorted(state.agencies))
    made["description"] = f"{state.title}\n{state.description}".strip()
    made["uids"] = [
        {"data": shown.event.uid, "timestamp": shown.at, "creatorUid": shown.by, "details": details(shown.event)} for shown in picture
    ]
    made["contents"] = [
        {"timestamp": one.at, "creatorUid": one.by, "data": content(one)} for one in state.media.values() if media_shown(one, agency)
    ]
    return made


def media_shown(media: Media, agency: str) -> bool:
    return not media.hidden and (not media.audience or agency in media.audience)


def details(event: CotEvent) -> Shape:
    colour = event.detail.find("color")
    found = {"type": event.type, "callsign": event.call_sign, "location": {"lat": event.latitude, "lon": event.longitude}}
    return found | ({"color": colour.get("argb", "")} if colour is not None else {})


def content(media: Media) -> Shape:
    """A picture, film or document of the incident; clients fetch it by its hash."""
    kind = FORMATS.get(media.content_type)
    return {
        "uid": media.id, "hash": media.sha256, "name": f"{media.caption or media.id}.{kind.suffix if kind else 'bin'}",
        "keywords": [], "mimeType": media.content_type, "size": media.bytes, "submissionTime": media.at, "submitter": media.by,
        "creatorUid": media.by, "expiration": -1,
    }  # fmt: skip


def subscription(uid: str, username: str, at_ms: int, *, writes: bool) -> Shape:
    return {"clientUid": uid, "username": username, "createTime": to_rfc3339(at_ms), "role": role(writes=writes)}


def answer(kind: str, data: object) -> Shape:
    """The envelope of every answer."""
    return {"version": "3", "type": kind, "data": data, "messages": [], "nodeId": "bluelamp"}
