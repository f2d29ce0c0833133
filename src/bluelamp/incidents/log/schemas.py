"""Wire shapes of incidents and their log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bluelamp.incidents.domain.events import AgencyCode, Code, Id, Line, Roles, Said, Text
from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.domain.places import Place
from bluelamp.incidents.log.actions import Result
from bluelamp.incidents.log.boards import Board
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Moment, Question

EVENTS_AT_ONCE_MAX = 200


class ShareQuestion(Question):
    agency: AgencyCode
    roles: Roles = Field(default_factory=list)
    """Only these roles of the agency; none: all who respond."""


class OpenQuestion(Question):
    """An incident. `id` may be chosen by the device: the same one again opens nothing."""

    id: Id | None = None
    title: Said
    type: Code
    """In the agency's own code, or what it means to all."""
    grade: Code
    place: Place
    description: Text = ""
    source: Literal["call", "officer", "handover", "federation", "demonstration"] = "call"
    reference: Line = ""
    share: list[ShareQuestion] = Field(default_factory=list, max_length=60)
    called_seconds_ago: Annotated[float, Field(ge=0, le=86_400)] | None = None
    """How long ago the call came in that this was opened from, by the device that took it down: no clocks need agree."""


class EventQuestion(Question):
    """One event of the log, made on a device."""

    id: Id
    kind: Annotated[str, Field(max_length=40)]
    happened_at: Moment
    data: dict[str, Any]
    """What belongs to the kind: GET /v1/incidents/kinds."""
    audience: list[AgencyCode] = Field(default_factory=list, max_length=60)


class EventsQuestion(Question):
    """What a device has to say, oldest first."""

    sent_at: Moment | None = None
    """The device's clock as it sends: what happened is then told by the platform's clock, however wrong the device's is."""
    device: Annotated[str, Field(max_length=60)] = ""
    events: Annotated[list[EventQuestion], Field(min_length=1, max_length=EVENTS_AT_ONCE_MAX)]


class EventResult(BaseModel):
    id: str
    state: Literal["accepted", "repeated", "refused"]
    sequence: int
    """Its place in the log; 0 where it was refused."""
    code: str = ""
    message: str = ""
    incident: str = ""
    """Where it is kept, if not in the incident that it was sent to: that one was merged into this."""

    @classmethod
    def of(cls, result: Result) -> EventResult:
        return cls(**result._asdict())


class EventResults(BaseModel):
    items: list[EventResult]
    server_time: Instant


class CarriedShown(BaseModel):
    """Where an event was said first: an incident that was merged into this one, and the event's id there."""

    incident: str
    number: str
    id: str


class EventShown(BaseModel):
    sequence: int
    id: str
    kind: str
    at: Instant
    """When the platform kept it."""
    happened_at: Instant
    name: str
    agency: str
    call_sign: str
    audience: list[str]
    data: dict[str, Any]
    carried: CarriedShown | None
    """Null: it was said of this incident."""

    @classmethod
    def of(cls, event: Event) -> EventShown:
        carried = CarriedShown(incident=c.incident, number=c.number, id=c.id) if (c := event.carried) else None
        return cls(
            sequence=event.sequence, id=event.id, kind=event.kind, at=to_rfc3339(event.at), happened_at=to_rfc3339(event.happened_at),
            name=event.name, agency=event.agency, call_sign=event.call_sign, audience=list(event.audience), data=event.data,
            carried=carried,
        )  # fmt: skip


class IncidentRow(BaseModel):
    id: str
    number: str
    lead: str
    title: str
    type: str
    grade: str
    major: bool
    status: str
    place: str
    latitude: float | None
    longitude: float | None
    opened_at: Instant
    updated_at: Instant
    sequence: int

    @classmethod
    def of(cls, row: Record) -> IncidentRow:
        return cls(**{name: row[name] for name in IncidentRow.model_fields})


class IncidentOnBoard(IncidentRow):
    """The row of a list, with what a control room looks for first."""

    agencies: dict[str, bool]
    """Who sees it, and whether their control room has acknowledged; who leads has."""
    casualties: int

    @classmethod
    def with_board(cls, row: Record, board: Board) -> IncidentOnBoard:
        return cls(**IncidentRow.of(row).model_dump(), **board._asdict())


class IncidentOpened(BaseModel):
    id: str
    number: str


class MergeQuestion(Question):
    into: Id
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ReceiptQuestion(Question):
    """How far this person's device has received and shown the log."""

    delivered: Annotated[int, Field(ge=0)] = 0
    read: Annotated[int, Field(ge=0)] = 0


class ReceiptShown(BaseModel):
    person: str
    name: str
    agency: str
    delivered: int
    read: int
    at: Instant


class KindShown(BaseModel):
    kind: str
    by_clients: bool
    """Whether POST /v1/incidents/{incident}/events takes it."""
    data: dict[str, Any]
    """JSON Schema of its data."""
