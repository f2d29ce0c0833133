"""What an incident is now: the fold of its events. The same shapes go over the wire, so there is no second description of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from bluelamp.incidents.domain.places import Geometry, Place

Status = Literal["open", "closed", "merged"]


class Entity(BaseModel):
    """Something of an incident. Times are RFC 3339; `audience`: the only agencies that see it, none: all of the incident."""

    id: str
    at: str
    """When it last changed, by the clock of who changed it (corrected)."""
    by: str
    agency: str
    audience: list[str] = []


class Member(BaseModel):
    """An agency that sees the incident."""

    agency: str
    roles: list[str] = []
    since: str
    type: str = ""
    grade: str = ""
    acknowledged_at: str = ""
    acknowledged_by: str = ""
    reference: str = ""
    """The agency's own number for it."""


class Assigned(BaseModel):
    """A resource on the incident, or that was."""

    id: str
    call_sign: str
    agency: str
    resource_type: str
    task: str = ""
    code: str = ""
    status: str = ""
    status_at: str
    assigned_at: str
    released_at: str = ""


class CasualtyStep(BaseModel):
    at: str
    by: str
    agency: str
    what: Literal["found", "triaged", "moved", "handed_over"]
    tool: str = ""
    category: str = ""
    where: str = ""
    note: str = ""


class Casualty(Entity):
    label: str = ""
    category: str = ""
    tool: str = ""
    place: Place | None = None
    where: str = ""
    handed_to: str = ""
    history: list[CasualtyStep] = []
    struck: str = ""
    """Why it no longer counts; empty: it does."""


class Feature(Entity):
    type: str
    geometry: Geometry
    label: str = ""
    note: str = ""


class Vehicle(Entity):
    vrm: str = ""
    description: str = ""
    involvement: str = ""
    place: Place | None = None
    found: dict[str, dict[str, Any]] = {}
    """What look-ups found, by agency and source; shown to that agency only."""


class Person(Entity):
    name: str = ""
    role: str = "other"
    born: str = ""
    description: str = ""


class Media(Entity):
    content_type: str
    bytes: int
    sha256: str
    width: int = 0
    height: int = 0
    taken_at: str = ""
    place: Place | None = None
    caption: str = ""
    hidden: str = ""


class Tick(BaseModel):
    done: bool = False
    at: str = ""
    by: str = ""
    note: str = ""


class Checklist(Entity):
    template: str
    title: str
    items: list[str] = []
    ticks: dict[int, Tick] = {}


class Emergency(Entity):
    person_name: str
    call_sign: str = ""
    place: Place | None = None
    state: Literal["raised", "acknowledged", "closed"] = "raised"
    level: int = 0
    acknowledged_by: str = ""
    acknowledged_at: str = ""
    cancelled_at: str = ""
    """When who pressed said that it is over; it is not, until it is closed."""
    outcome: str = ""


class Link(BaseModel):
    incident: str
    number: str
    relation: str


class Handover(Entity):
    to: str
    format: str
    state: str
    note: str = ""


class LatestReport(Entity):
    form: str
    data: dict[str, Any]


class IncidentState(BaseModel):
    """An incident as of the event `sequence`."""

    id: str
    sequence: int = 0
    number: str = ""
    title: str = ""
    type: str = ""
    grade: str = ""
    major: bool = False
    status: Status = "open"
    place: Place = Place(said="not known")
    description: str = ""
    source: str = ""
    reference: str = ""
    lead: str = ""
    opened_at: str = ""
    opened_by: str = ""
    updated_at: str = ""
    closed_at: str = ""
    close_reason: str = ""
    debrief: str = ""
    merged_into: str = ""
    agencies: dict[str, Member] = {}
    resources: dict[str, Assigned] = {}
    casualties: dict[str, Casualty] = {}
    casualty_count: dict[str, int] = {}
    """By category (`unknown`: not triaged yet), of those that count."""
    features: dict[str, Feature] = {}
    vehicles: dict[str, Vehicle] = {}
    persons: dict[str, Person] = {}
    media: dict[str, Media] = {}
    checklists: dict[str, Checklist] = {}
    emergencies: dict[str, Emergency] = {}
    handovers: dict[str, Handover] = {}
    links: list[Link] = []
    report: LatestReport | None = None
    counts: dict[str, int] = {}
    """How many events of each kind."""
    labels: int = 0
    """Casualties numbered by the platform so far."""

    def sees(self, agency: str, roles: frozenset[str] | set[str]) -> bool:
        """Whether somebody of this agency with these roles sees the incident at all."""
        member = self.agencies.get(agency)
        return member is not None and (not member.roles or not roles.isdisjoint(member.roles))
