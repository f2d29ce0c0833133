"""Every kind of event that an incident is made of, and what it carries: one definition.

It serves what a phone sends, what the log keeps and what the fold reads.

A field that the platform fills says so: what a client sends there is overwritten. Ids of things (a casualty, a drawing) are chosen by the
device that makes them, so that a phone without signal can go on speaking of what it has just made.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from bluelamp.incidents.domain.places import Geometry, Place
from bluelamp.spine.wire import Moment

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{8,36}$")]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
AgencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,8}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
REASON_MAX = 500
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_MAX)]
Roles = Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=12)]

Category = Literal["P1", "P2", "P3", "dead", "not_injured"]
"""Outcomes of triage. `dead` is Ten Second Triage's "not breathing" until a clinician has said so: the tool that said it stands beside."""
TriageTool = Literal["TST", "MITT", "clinical"]
FeatureType = Literal[
    "hazard", "inner_cordon", "outer_cordon", "access", "egress", "rendezvous", "forward_command", "casualty_clearing", "holding_area",
    "landing_site", "search_sector", "marker", "line", "area",
]  # fmt: skip


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Opened(Data):
    number: str
    title: Said
    type: Code
    grade: Code
    place: Place
    description: Text = ""
    lead: AgencyCode
    source: Literal["call", "officer", "handover", "federation", "demonstration"] = "call"
    reference: Line = ""
    """How the one who told us calls it."""
    called_at: Moment | None = None
    """When the call came in, where somebody took one: from then on the time is counted."""


class Amended(Data):
    """What is not given stays."""

    title: Said | None = None
    type: Code | None = None
    grade: Code | None = None
    place: Place | None = None
    description: Text | None = None
    major: bool | None = None
    """A major incident is declared, or stood down."""


class Closed(Data):
    reason: Reason
    debrief: Text = ""


class Reopened(Data):
    reason: Reason


class AgencyJoined(Data):
    """From now on the agency sees the incident. Said again, it changes which roles do."""

    agency: AgencyCode
    roles: Roles = []
    """Only these roles of the agency; none: all who respond."""
    reason: Line = ""
    type: Line = ""
    """Type and grade in the agency's own words: filled by the platform."""
    grade: Line = ""


class AgencyLeft(Data):
    """From now on it sees nothing of it."""

    agency: AgencyCode
    reason: Reason


class AgencyAcknowledged(Data):
    """The receipt of a supporting agency's control room, with its own number."""

    reference: Line = ""
    note: Line = ""
    agency: Line = ""
    """Filled by the platform."""


class LeadPassed(Data):
    agency: AgencyCode
    reason: Reason


class Linked(Data):
    incident: Id
    relation: Literal["related", "duplicate"] = "related"
    number: Line = ""
    """Filled by the platform."""


class Merged(Data):
    """Made by the platform: this incident goes on in the other, or took in the other."""

    incident: Id
    number: Line
    direction: Literal["into", "from"]


class ResourceAssigned(Data):
    resource: Id
    task: Line = ""
    call_sign: Line = ""
    """This and what follows are filled by the platform."""
    agency: Line = ""
    resource_type: Line = ""
    code: Line = ""
    status: Line = ""


class ResourceStatus(Data):
    """A crew says where it stands, in its own agency's code."""

    resource: Id
    code: Code
    status: Line = ""
    """What the code means to all: filled by the platform."""


class ResourceReleased(Data):
    resource: Id
    reason: Line = ""


class Services(Data):
    present: Line = ""
    needed: Line = ""


class Report(Data):
    """ETHANE, or METHANE where a major incident is declared."""

    form: Literal["ETHANE", "METHANE"]
    exact_location: Place
    type: Said
    hazards: Text = ""
    access: Text = ""
    casualties: Text = ""
    services: Services = Services()
    call_sign: Line = ""


class LogWritten(Data):
    text: Words


class DecisionMade(Data):
    """The Joint Decision Model's five steps, each with its reasons."""

    title: Said
    information: Text = ""
    assessment: Text = ""
    """Threats, risks and the working strategy."""
    powers: Text = ""
    options: Text = ""
    action: Words
    review_at: Moment | None = None


class FeatureDrawn(Data):
    """Something on the map: a hazard, a cordon, a way in. Said again under the same id, it is moved or renamed."""

    feature: Id
    type: FeatureType
    geometry: Geometry
    label: Line = ""
    note: Line = ""


class FeatureRemoved(Data):
    feature: Id
    reason: Line = ""


class CasualtyFound(Data):
    casualty: Id
    label: Line = ""
    """As on the tag; the platform numbers one without."""
    place: Place | None = None
    note: Line = ""


class CasualtyTriaged(Data):
    casualty: Id
    tool: TriageTool
    category: Category
    place: Place | None = None
    note: Line = ""


class CasualtyMoved(Data):
    casualty: Id
    where: Said
    place: Place | None = None


class CasualtyHandedOver(Data):
    casualty: Id
    to: Said
    """Ambulance, hospital or person that has them now."""
    note: Line = ""


class CasualtyStruck(Data):
    """Counted by mistake, or twice."""

    casualty: Id
    reason: Reason


class VehicleRecorded(Data):
    vehicle: Id
    vrm: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=16)] = ""
    description: Line = ""
    involvement: Line = ""
    place: Place | None = None


class VehicleLookedUp(Data):
    """Made by the platform: what a look-up found. It goes to the agency that looked."""

    vehicle: Id
    source: Line
    found: dict[str, Any]


class PersonRecorded(Data):
    person: Id
    name: Line = ""
    role: Literal["casualty", "witness", "suspect", "missing", "informant", "other"] = "other"
    born: Line = ""
    description: Text = ""


class MediaAdded(Data):
    """Made by the platform when an upload is whole."""

    media: Id
    content_type: Line
    bytes: int
    sha256: Line
    width: int = 0
    height: int = 0
    taken_at: Moment | None = None
    place: Place | None = None
    caption: Line = ""


class MediaHidden(Data):
    """No longer shown; the original is kept with the incident."""

    media: Id
    reason: Reason


class ChatSaid(Data):
    text: Words
    reply_to: Id | None = None


class ChecklistStarted(Data):
    checklist: Id
    template: Code
    title: Line = ""
    items: Annotated[list[Line], Field(max_length=60)] = []
    """Title and items are filled by the platform."""


class ChecklistTicked(Data):
    checklist: Id
    item: Annotated[int, Field(ge=0, lt=60)]
    done: bool = True
    note: Line = ""


class EmergencyRaised(Data):
    """This and the next four are made by the platform's own doors for emergencies."""

    emergency: Id
    person_name: Line
    call_sign: Line = ""
    agency: AgencyCode
    place: Place | None = None


class EmergencyAcknowledged(Data):
    emergency: Id


class EmergencyCancelled(Data):
    """Who pressed says that it is over. It stays until a control room has asked them and closes it: somebody may have made them say so."""

    emergency: Id


class EmergencyEscalated(Data):
    emergency: Id
    level: int


class EmergencyClosed(Data):
    emergency: Id
    outcome: Literal["resolved", "false_alarm"]
    note: Line = ""


class HandoverSent(Data):
    """Made by the hand-over gateways: a message to another control room, and what became of it."""

    handover: Id
    agency: Line
    format: Line
    state: Literal["sent", "received", "refused", "failed"]
    note: Line = ""


KINDS: dict[str, type[Data]] = {
    "incident.opened": Opened,
    "incident.amended": Amended,
    "incident.closed": Closed,
    "incident.reopened": Reopened,
    "incident.linked": Linked,
    "incident.merged": Merged,
    "agency.joined": AgencyJoined,
    "agency.left": AgencyLeft,
    "agency.acknowledged": AgencyAcknowledged,
    "lead.passed": LeadPassed,
    "resource.assigned": ResourceAssigned,
    "resource.status": ResourceStatus,
    "resource.released": ResourceReleased,
    "report.sent": Report,
    "log.written": LogWritten,
    "decision.made": DecisionMade,
    "feature.drawn": FeatureDrawn,
    "feature.removed": FeatureRemoved,
    "casualty.found": CasualtyFound,
    "casualty.triaged": CasualtyTriaged,
    "casualty.moved": CasualtyMoved,
    "casualty.handed_over": CasualtyHandedOver,
    "casualty.struck": CasualtyStruck,
    "vehicle.recorded": VehicleRecorded,
    "vehicle.looked_up": VehicleLookedUp,
    "person.recorded": PersonRecorded,
    "media.added": MediaAdded,
    "media.hidden": MediaHidden,
    "chat.said": ChatSaid,
    "checklist.started": ChecklistStarted,
    "checklist.ticked": ChecklistTicked,
    "emergency.raised": EmergencyRaised,
    "emergency.acknowledged": EmergencyAcknowledged,
    "emergency.escalated": EmergencyEscalated,
    "emergency.cancelled": EmergencyCancelled,
    "emergency.closed": EmergencyClosed,
    "handover.sent": HandoverSent,
}

PLATFORM_ONLY = frozenset(
    {
        "incident.opened", "incident.merged", "vehicle.looked_up", "media.added", "emergency.raised", "emergency.acknowledged",
        "emergency.escalated", "emergency.cancelled", "emergency.closed", "handover.sent",
    }
)  # fmt: skip
"""Kinds that no client may send to the log itself: they have doors of their own."""

ADAPTERS: dict[str, TypeAdapter[Any]] = {kind: TypeAdapter(shape) for kind, shape in KINDS.items()}


def plain(data: Data) -> dict[str, Any]:
    """As the log keeps it: JSON values, without what was not said."""
    return data.model_dump(mode="json", exclude_none=True)
