"""The fold: what an event does to an incident's state. Pure, total and deterministic: any event ever kept can be folded again.

Events fold in the order of the log. Where a device was without signal, an older word arrives after a newer one: then the newer one by the
time it happened stands, and the older one only joins the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from bluelamp.incidents.domain.places import Geometry, Place
from bluelamp.incidents.domain.state import (
    Assigned,
    Casualty,
    CasualtyStep,
    Checklist,
    Emergency,
    Feature,
    Handover,
    IncidentState,
    LatestReport,
    Link,
    Media,
    Member,
    Person,
    Tick,
    Vehicle,
)
from bluelamp.kit.clock import to_rfc3339

VERSION = 3
"""Raised when the fold of the same events changes: snapshots of another version are not used."""


REGION = "region:"
"""Begins the device of an event that another region's platform sent."""


class Carried(msgspec.Struct, frozen=True):
    """Where an event was said first: an incident that was merged into this one, and the event's id there."""

    incident: str
    number: str
    id: str


class Event(NamedTuple):
    """One event of the log. Times are epoch milliseconds; `data` is what `domain/events.py` says for the kind."""

    incident: str
    sequence: int
    id: str
    kind: str
    at: int
    """When the platform kept it; never falls within an incident."""
    happened_at: int
    """When it happened, by the device's clock, corrected."""
    person: str
    """Account id."""
    name: str
    agency: str
    call_sign: str
    device: str
    audience: tuple[str, ...]
    data: dict[str, Any]
    carried: Carried | None = None
    """None: it was said of this incident."""

    @property
    def heard_at(self) -> int:
        """When the platform first had it: of what was carried here, the time that it happened is the nearest word."""
        return self.happened_at if self.carried is not None else self.at

    @property
    def region(self) -> str:
        """The other region that it came from; empty: it was said here."""
        return self.device.removeprefix(REGION) if self.device.startswith(REGION) else ""

    @property
    def common(self) -> dict[str, Any]:
        return {
            "at": to_rfc3339(self.happened_at),
            "by": self.call_sign or self.name,
            "agency": self.agency,
            "audience": list(self.audience),
        }


def _place(data: dict[str, Any], name: str = "place") -> Place | None:
    return Place.model_validate(data[name]) if data.get(name) else None


def _opened(s: IncidentState, e: Event) -> None:
    d = e.data
    for name in ("number", "title", "type", "grade", "lead"):
        setattr(s, name, d[name])
    for name in ("description", "source", "reference"):
        setattr(s, name, d.get(name, ""))
    s.place = Place.model_validate(d["place"])
    s.opened_at, s.opened_by = to_rfc3339(e.at), e.name
    s.agencies[s.lead] = Member(agency=s.lead, since=s.opened_at, type=s.type, grade=s.grade)


def _amended(s: IncidentState, e: Event) -> None:
    for name, value in e.data.items():
        setattr(s, name, Place.model_validate(value) if name == "place" else value)


def _closed(s: IncidentState, e: Event) -> None:
    s.status, s.closed_at = "closed", to_rfc3339(e.at)
    s.close_reason, s.debrief = e.data["reason"], e.data.get("debrief", "")
    for assigned in s.resources.values():
        assigned.released_at = assigned.released_at or s.closed_at


def _reopened(s: IncidentState, _e: Event) -> None:
    s.status, s.closed_at, s.close_reason, s.merged_into = "open", "", "", ""


def _merged(s: IncidentState, e: Event) -> None:
    link = Link(incident=e.data["incident"], number=e.data["number"], relation=f"merged {e.data['direction']}")
    s.links = [*(known for known in s.links if known != link), link]
    if e.data["direction"] == "into":
        s.status, s.merged_into, s.closed_at = "merged", e.data["incident"], to_rfc3339(e.at)
        for assigned in s.resources.values():
            assigned.released_at = assigned.released_at or s.closed_at
        # Those that are not over go on in the other one: none stands in two places.
        s.emergencies = {emergency: one for emergency, one in s.emergencies.items() if one.state == "closed"}


def _linked(s: IncidentState, e: Event) -> None:
    s.links = [link for link in s.links if link.incident != e.data["incident"]]
    s.links.append(Link(incident=e.data["incident"], number=e.data.get("number", ""), relation=e.data.get("relation", "related")))


def _joined(s: IncidentState, e: Event) -> None:
    d = e.data
    known = s.agencies.get(d["agency"])
    if known is None:
        known = s.agencies[d["agency"]] = Member(agency=d["agency"], since=to_rfc3339(e.at))
    known.roles, known.type, known.grade = d.get("roles", []), d.get("type", ""), d.get("grade", "")


def _left(s: IncidentState, e: Event) -> None:
    s.agencies.pop(e.data["agency"], None)
    for assigned in s.resources.values():
        if assigned.agency == e.data["agency"]:
            assigned.released_at = assigned.released_at or to_rfc3339(e.at)


def _acknowledged(s: IncidentState, e: Event) -> None:
    if member := s.agencies.get(e.data.get("agency") or e.agency):
        member.acknowledged_at, member.acknowledged_by = to_rfc3339(e.heard_at), e.name
        member.reference = e.data.get("reference", "")


def _lead(s: IncidentState, e: Event) -> None:
    s.lead = e.data["agency"]
    s.agencies.setdefault(s.lead, Member(agency=s.lead, since=to_rfc3339(e.at))).roles = []


def _assigned(s: IncidentState, e: Event) -> None:
    d, at = e.data, to_rfc3339(e.happened_at)
    s.resources[d["resource"]] = Assigned(
        id=d["resource"], call_sign=d["call_sign"], agency=d["agency"], resource_type=d.get("resource_type", ""), task=d.get("task", ""),
        code=d.get("code", ""), status=d.get("status", ""), status_at=at, assigned_at=at,
    )  # fmt: skip


def _status(s: IncidentState, e: Event) -> None:
    known, at = s.resources.get(e.data["resource"]), to_rfc3339(e.happened_at)
    if known is not None and at >= known.status_at:
        known.code, known.status, known.status_at = e.data["code"], e.data.get("status", ""), at


def _released(s: IncidentState, e: Event) -> None:
    if known := s.resources.get(e.data["resource"]):
        known.released_at = to_rfc3339(e.happened_at)


def _report(s: IncidentState, e: Event) -> None:
    if s.report is None or to_rfc3339(e.happened_at) >= s.report.at:
        # The M of METHANE: whoever is first on the scene declares, and nobody has to press a second button for them.
        s.major = s.major or e.data["form"] == "METHANE"
        s.report = LatestReport(id=e.id, form=e.data["form"], data=e.data, **e.common)


def _drawn(s: IncidentState, e: Event) -> None:
    d, known = e.data, s.features.get(e.data["feature"])
    if known is None or to_rfc3339(e.happened_at) >= known.at:
        s.features[d["feature"]] = Feature(
            id=d["feature"], type=d["type"], geometry=Geometry.model_validate(d["geometry"]), label=d.get("label", ""),
            note=d.get("note", ""), **e.common,
        )  # fmt: skip


def _undrawn(s: IncidentState, e: Event) -> None:
    s.features.pop(e.data["feature"], None)


def _casualty(s: IncidentState, e: Event) -> Casualty:
    """The one that the event is about. A word about one that nobody has reported yet makes it known."""
    known = s.casualties.get(e.data["casualty"])
    if known is None:
        s.labels += 1
        label = e.data.get("label") or f"C{s.labels}"
        known = s.casualties[e.data["casualty"]] = Casualty(id=e.data["casualty"], label=label, **e.common)
    return known


_STEPS = {"casualty.found": "found", "casualty.triaged": "triaged", "casualty.moved": "moved", "casualty.handed_over": "handed_over"}


def _casualty_step(s: IncidentState, e: Event) -> None:
    """Joins the history in the order of happening; each thing said of a casualty is then the last that was said of it."""
    d, known = e.data, _casualty(s, e)
    step = CasualtyStep(
        at=to_rfc3339(e.happened_at), by=e.call_sign or e.name, agency=e.agency, what=_STEPS[e.kind], tool=d.get("tool", ""),
        category=d.get("category", ""), where=d.get("where") or d.get("to", ""), note=d.get("note", ""),
    )  # fmt: skip
    latest = not known.history or step.at >= known.history[-1].at
    known.history.append(step)
    if not latest:
        known.history.sort(key=lambda past: past.at)
    if e.kind == "casualty.found" and d.get("label"):
        known.label = d["label"]
    place = _place(d)
    if place is not None and (latest or known.place is None):
        known.place = place
    for past in known.history:
        if past.what == "triaged":
            known.category, known.tool = past.category, past.tool
        elif past.what == "moved":
            known.where = past.where
        elif past.what == "handed_over":
            known.handed_to = past.where
    known.at, known.by = known.history[-1].at, known.history[-1].by
    _count(s)


def _struck(s: IncidentState, e: Event) -> None:
    _casualty(s, e).struck = e.data["reason"]
    _count(s)


def _count(s: IncidentState) -> None:
    counted: dict[str, int] = {}
    for casualty in s.casualties.values():
        if not casualty.struck:
            counted[casualty.category or "unknown"] = counted.get(casualty.category or "unknown", 0) + 1
    s.casualty_count = counted


def _vehicle(s: IncidentState, e: Event) -> None:
    d, known = e.data, s.vehicles.get(e.data["vehicle"])
    if known is not None and to_rfc3339(e.happened_at) < known.at:
        return
    s.vehicles[d["vehicle"]] = Vehicle(
        id=d["vehicle"], vrm=d.get("vrm", ""), description=d.get("description", ""), involvement=d.get("involvement", ""),
        place=_place(d), found=known.found if known else {}, **e.common,
    )  # fmt: skip


def _looked_up(s: IncidentState, e: Event) -> None:
    if known := s.vehicles.get(e.data["vehicle"]):
        known.found[e.agency] = {**known.found.get(e.agency, {}), e.data["source"]: e.data["found"]}


def _person(s: IncidentState, e: Event) -> None:
    d = e.data
    s.persons[d["person"]] = Person(
        id=d["person"], name=d.get("name", ""), role=d.get("role", "other"), born=d.get("born", ""), description=d.get("description", ""),
        **e.common,
    )  # fmt: skip


def _media(s: IncidentState, e: Event) -> None:
    told = {name: value for name, value in e.data.items() if name not in {"media", "place"}}
    s.media[e.data["media"]] = Media(id=e.data["media"], place=_place(e.data), **told, **e.common)


def _media_hidden(s: IncidentState, e: Event) -> None:
    if known := s.media.get(e.data["media"]):
        known.hidden = e.data["reason"]


def _checklist(s: IncidentState, e: Event) -> None:
    d = e.data
    if d["checklist"] not in s.checklists:
        s.checklists[d["checklist"]] = Checklist(
            id=d["checklist"], template=d["template"], title=d.get("title", ""), items=d.get("items", []), **e.common
        )


def _ticked(s: IncidentState, e: Event) -> None:
    d, known = e.data, s.checklists.get(e.data["checklist"])
    at = to_rfc3339(e.happened_at)
    if known is not None and at >= known.ticks.get(d["item"], Tick()).at:
        known.ticks[d["item"]] = Tick(done=d.get("done", True), at=at, by=e.call_sign or e.name, note=d.get("note", ""))


def _emergency(s: IncidentState, e: Event) -> None:
    d = e.data
    s.emergencies[d["emergency"]] = Emergency(
        id=d["emergency"],
        person_name=d["person_name"],
        call_sign=d.get("call_sign", ""),
        place=_place(d),
        **{**e.common, "agency": d["agency"]},
    )


def _emergency_step(s: IncidentState, e: Event) -> None:
    known = s.emergencies.get(e.data["emergency"])
    if known is None:
        return
    if e.kind == "emergency.acknowledged":
        known.state, known.acknowledged_by, known.acknowledged_at = "acknowledged", e.name, to_rfc3339(e.heard_at)
    elif e.kind == "emergency.escalated":
        known.level = e.data["level"]
    elif e.kind == "emergency.cancelled":
        known.cancelled_at = to_rfc3339(e.heard_at)
    else:
        known.state, known.outcome = "closed", e.data["outcome"]


def _handover(s: IncidentState, e: Event) -> None:
    d = e.data
    s.handovers[d["handover"]] = Handover(
        id=d["handover"], to=d["agency"], format=d["format"], state=d["state"], note=d.get("note", ""), **e.common
    )


def _counted_only(_s: IncidentState, _e: Event) -> None:
    """The log itself is the place of it: nothing in the state but the count."""


_FOLDS: dict[str, Callable[[IncidentState, Event], None]] = {
    "incident.opened": _opened, "incident.amended": _amended, "incident.closed": _closed, "incident.reopened": _reopened,
    "incident.linked": _linked, "incident.merged": _merged, "agency.joined": _joined, "agency.left": _left,
    "agency.acknowledged": _acknowledged, "lead.passed": _lead, "resource.assigned": _assigned, "resource.status": _status,
    "resource.released": _released, "report.sent": _report, "log.written": _counted_only, "decision.made": _counted_only,
    "feature.drawn": _drawn, "feature.removed": _undrawn, "casualty.found": _casualty_step, "casualty.triaged": _casualty_step,
    "casualty.moved": _casualty_step, "casualty.handed_over": _casualty_step, "casualty.struck": _struck, "vehicle.recorded": _vehicle,
    "vehicle.looked_up": _looked_up, "person.recorded": _person, "media.added": _media, "media.hidden": _media_hidden,
    "chat.said": _counted_only, "checklist.started": _checklist, "checklist.ticked": _ticked, "emergency.raised": _emergency,
    "emergency.acknowledged": _emergency_step, "emergency.escalated": _emergency_step, "emergency.cancelled": _emergency_step,
    "emergency.closed": _emergency_step,
    "handover.sent": _handover,
}  # fmt: skip


def apply(state: IncidentState, event: Event) -> None:
    """Fold one event into the state, in place."""
    _FOLDS[event.kind](state, event)
    state.sequence = event.sequence
    state.updated_at = to_rfc3339(event.at)
    state.counts[event.kind] = state.counts.get(event.kind, 0) + 1


def fold(incident: str, events: Iterable[Event]) -> IncidentState:
    """The state after these events, from nothing."""
    state = IncidentState(id=incident)
    for event in events:
        apply(state, event)
    return state


def view(state: IncidentState, agency: str) -> dict[str, Any]:
    """What an agency sees of it, as JSON values: without what is for others only."""
    shown = state.model_dump(mode="json")
    for name in ("casualties", "features", "vehicles", "persons", "media", "checklists", "emergencies", "handovers"):
        entities = shown[name]
        for key in [key for key, one in entities.items() if one["audience"] and agency not in one["audience"]]:
            del entities[key]
    for vehicle in shown["vehicles"].values():
        vehicle["found"] = {key: found for key, found in vehicle["found"].items() if key == agency}
    if shown["report"] and shown["report"]["audience"] and agency not in shown["report"]["audience"]:
        shown["report"] = None
    if state.casualties:
        counted: dict[str, int] = {}
        for casualty in shown["casualties"].values():
            if not casualty["struck"]:
                counted[casualty["category"] or "unknown"] = counted.get(casualty["category"] or "unknown", 0) + 1
        shown["casualty_count"] = counted
    return shown
