"""Wire shapes of resources."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bluelamp.incidents.domain.events import Code, Id
from bluelamp.incidents.log.schemas import IncidentRow
from bluelamp.incidents.resources.store import Resource
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Moment, Question

CallSign = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Skills = Annotated[list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]], Field(max_length=20)]


class ResourceQuestion(Question):
    call_sign: CallSign
    type: Code
    """What it is: `car`, `van`, `motorcycle`, `foot`, `dog`, `drone`, `engine`, `ambulance`, `officer` …"""
    skills: Skills = Field(default_factory=list)
    covert: bool = False


class ResourceChange(Question):
    """What is not given stays."""

    call_sign: CallSign | None = None
    type: Code | None = None
    skills: Skills | None = None
    covert: bool | None = None
    closed: bool | None = None


class BookOnQuestion(Question):
    resource: Id


class StatusQuestion(Question):
    code: Code
    happened_at: Moment | None = None


class ResourceShown(BaseModel):
    id: str
    agency: str
    call_sign: str
    type: str
    skills: list[str]
    covert: bool
    code: str
    status: str
    status_at: Instant
    incident: str | None
    crew: list[str]

    @classmethod
    def of(cls, one: Resource, crew: list[str] | None = None) -> ResourceShown:
        return cls(
            id=one.id, agency=one.agency, call_sign=one.call_sign, type=one.type, skills=list(one.skills), covert=one.covert, code=one.code,
            status=one.status, status_at=one.status_at, incident=one.incident or None, crew=crew or [],
        )  # fmt: skip


class MineShown(BaseModel):
    resource: ResourceShown | None
    incidents: list[IncidentRow]

    @classmethod
    def of(cls, crewed: Resource | None, rows: list[Record]) -> MineShown:
        return cls(resource=ResourceShown.of(crewed) if crewed else None, incidents=[IncidentRow.of(row) for row in rows])
