"""What an event of a device means for an incident. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from xml.etree.ElementTree import Element

from pydantic import ValidationError

from bluelamp.incidents.domain.events import CasualtyFound, ChatSaid, FeatureDrawn, FeatureRemoved, plain
from bluelamp.incidents.domain.places import Geometry, Place
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.gateways.cot.wire.event import UNKNOWN_M, CotEvent
from bluelamp.incidents.positions.reports import Report

CHAT, CASUALTY_EVACUATION, DELETE, CANCEL, FILE = "b-t-f", "b-r-f-h-c", "t-x-d-d", "b-a-o-can", "b-f-t-r"
OURS = "bluelamp-"
"""Begins the uid of everything that the platform itself puts on maps."""
FEATURE = f"{OURS}f-"
MISSIONS_MAX = 5
PATIENTS_MAX = 20
POINTS_MAX = 999


def id_of(*parts: str) -> str:
    """An id for what a device calls by names of its own: the same names, the same id, so that repeats are recognised."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32].upper()


def feature_of(uid: str) -> str:
    """The drawing that a uid means: one of the platform's by its own id, one of a device's by an id made from the uid."""
    own = uid.removeprefix(FEATURE)
    return own if own != uid and re.fullmatch(r"[0-9A-Za-z]{8,36}", own) else id_of(uid)


def missions_of(event: CotEvent) -> list[str]:
    """Names or guids of the missions that an event is meant for."""
    dests = event.detail.findall("marti/dest")[:20]
    return list(dict.fromkeys(name for dest in dests if (name := dest.get("mission-guid", "") or dest.get("mission", ""))))[:MISSIONS_MAX]


def is_emergency(event: CotEvent) -> bool:
    return event.type.startswith("b-a-o") and event.type != CANCEL


def is_drawing(event: CotEvent) -> bool:
    """A marker or drawing that somebody put there, rather than somebody's own position."""
    return event.type.startswith(("b-m-p", "u-d-")) or (event.type.startswith("a-") and event.how.startswith("h-"))


def is_position(event: CotEvent) -> bool:
    """Where something is by its own word, not where somebody put it."""
    return event.type.startswith("a-") and not is_drawing(event)


def is_kept(event: CotEvent) -> bool:
    """Whether of several with the same uid the newest says all: positions, markers, drawings; not chat and emergencies."""
    return event.type.startswith(("a-", "b-m-p", "u-d-", CASUALTY_EVACUATION))


def room_of(event: CotEvent) -> str:
    """The chat room of a message."""
    chat = event.detail.find("__chat")
    return "" if chat is None else chat.get("chatroom", "") or chat.get("id", "")


def deleted(event: CotEvent) -> list[str]:
    """Uids of what an event takes off the map."""
    return [uid for link in event.detail.findall("link")[:20] if (uid := link.get("uid", ""))]


def report_of(event: CotEvent) -> Report:
    """A position as the platform takes it in; `at` by the device's clock, corrected where it was far off."""
    track = event.detail.find("track")
    return Report(
        event.time, event.latitude, event.longitude, None if event.ce >= UNKNOWN_M else event.ce,
        _number(track, "speed"), _number(track, "course"), None if event.hae >= UNKNOWN_M else event.hae,
    )  # fmt: skip


def _number(element: Element | None, name: str) -> float | None:
    try:
        return float(element.get(name, "")) if element is not None else None
    except ValueError:
        return None


def place_of(event: CotEvent) -> Place | None:
    """Where it is; None where the device had no fix."""
    if event.latitude == 0 and event.longitude == 0:
        return None
    accuracy = event.ce if 0 <= event.ce <= 100_000 else None
    try:
        return Place(latitude=event.latitude, longitude=event.longitude, accuracy_m=accuracy, source="gps")
    except ValidationError:
        return None  # nowhere on this earth: a call for help without a place is one too


def events_of(device: str, event: CotEvent) -> list[New]:
    """The incident's events that a device's event means; none where it means nothing for one."""
    try:
        if event.type == CHAT:
            return [New(id_of(device, event.uid), "chat.said", event.time, plain(ChatSaid(text=_remarks(event)[:4000])))]
        if event.type == CASUALTY_EVACUATION:
            return _casualties(device, event)
        if is_drawing(event):
            drawn = _drawn(event)
            return [New(id_of(device, event.uid, str(event.time)), "feature.drawn", event.time, plain(drawn))] if drawn else []
        if event.type == DELETE:
            return [
                New(
                    id_of(device, uid, "gone", str(event.time)),
                    "feature.removed",
                    event.time,
                    plain(FeatureRemoved(feature=feature_of(uid))),
                )
                for uid in deleted(event)
            ]
    except ValidationError:
        return []  # empty chat, a drawing with too few points: shown to devices, nothing for the log
    return []


def _remarks(event: CotEvent) -> str:
    remarks = event.detail.find("remarks")
    return "" if remarks is None else "".join(remarks.itertext()).strip()


def _casualties(device: str, event: CotEvent) -> list[New]:
    """One for each patient that the request counts, without a category: what is asked for is transport, not triage."""
    asked = event.detail.find("_medevac_")
    counted = {name: int(number) for name in ("urgent", "priority", "routine") if (number := _attribute(asked, name)[:6]).isdecimal()}
    patients = min(max(sum(counted.values()), 1), PATIENTS_MAX)
    title = (_attribute(asked, "title") or event.call_sign or "CASEVAC")[:150]
    told = [f"{number} {name}" for name, number in counted.items() if number]
    note = "; ".join([*told, *filter(None, [_attribute(asked, "medline_remarks"), _remarks(event)])])[:200]
    found = []
    for at in range(1, patients + 1):
        label = f"{title} {at}/{patients}" if patients > 1 else title
        data: dict[str, Any] = plain(CasualtyFound(casualty=id_of(event.uid, str(at)), label=label, place=place_of(event), note=note))
        found.append(New(id_of(device, event.uid, "casualty", str(at)), "casualty.found", event.time, data))
    return found


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _drawn(event: CotEvent) -> FeatureDrawn | None:
    label = (event.call_sign or event.type)[:200]
    points = [_point(link.get("point", "")) for link in event.detail.findall("link")[:POINTS_MAX]]
    line = [point for point in points if point is not None]
    feature, note = feature_of(event.uid), _remarks(event)[:200]
    if event.type.startswith("u-d-") and len(line) >= 2:
        closed = event.type == "u-d-r" or (len(line) > 3 and line[0] == line[-1])
        if closed and line[0] != line[-1]:
            line.append(line[0])
        if closed and len(line) >= 4:
            geometry = Geometry(type="Polygon", coordinates=[line])
            return FeatureDrawn(feature=feature, type="area", geometry=geometry, label=label, note=note)
        return FeatureDrawn(feature=feature, type="line", geometry=Geometry(type="LineString", coordinates=line), label=label, note=note)
    geometry = Geometry(type="Point", coordinates=[event.longitude, event.latitude])
    return FeatureDrawn(feature=feature, type="marker", geometry=geometry, label=label, note=note)


def _point(text: str) -> list[float] | None:
    """`lat,lon[,hae]` as [longitude, latitude]."""
    try:
        latitude, longitude = (float(number) for number in text.split(",")[:2])
    except ValueError:
        return None
    return [longitude, latitude] if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None
