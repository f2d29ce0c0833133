"""Wire shapes of positions."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.reports import Account, Report, is_stale
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine.wire import Question

REPORTS_MAX = 500
ResourceId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{8,36}$")]
Line = Annotated[str, StringConstraints(max_length=200)]


class ReportQuestion(Question):
    """One position by the device's own clock. Degrees WGS 84; what the device does not know is left out."""

    at: AwareDatetime
    latitude: float
    longitude: float
    accuracy_m: float | None = Field(None, description="Radius of 68% confidence.")
    speed_mps: float | None = None
    course_deg: float | None = Field(None, description="Direction of travel over ground, degrees clockwise from true north.")
    altitude_m: float | None = None

    def report(self) -> Report:
        return Report(
            to_ms(self.at), self.latitude, self.longitude, self.accuracy_m, self.speed_mps, self.course_deg, self.altitude_m
        )  # fmt: skip


class ReportsQuestion(Question):
    sent_at: AwareDatetime = Field(description="The device's own time when it sends this: from it a clock that is off is put right.")
    positions: list[ReportQuestion] = Field(min_length=1, max_length=REPORTS_MAX)


class RefusalShown(BaseModel):
    index: int
    code: str
    message: str


class AccountShown(BaseModel):
    """What became of each position sent."""

    tracked: bool
    """False: you crew nothing or are off duty; nothing was taken or kept, and there is no need to send until that changes."""
    accepted: int
    late: int
    """Of the accepted, how many are older than what is known: history, not shown."""
    repeated: int
    clock_off_ms: int
    """By how much your clock was found to be ahead; the times were put right by as much."""
    rejected: list[RefusalShown]

    @classmethod
    def of(cls, account: Account) -> AccountShown:
        rejected = [RefusalShown(index=r.index, code=r.code, message=r.message) for r in account.rejected]
        return cls(**{**account._asdict(), "rejected": rejected})


class PositionShown(BaseModel):
    resource: str
    call_sign: str
    agency: str
    type: str
    at: str
    latitude: float
    longitude: float
    accuracy_m: float | None
    speed_mps: float | None
    course_deg: float | None
    altitude_m: float | None
    source: str
    covert: bool
    stale: bool | None
    """Older than positions of this type of resource may be; null where it is asked about the past."""
    clock_off_ms: int

    @classmethod
    def of(cls, position: Position, now: int | None = None, stale_ms: dict[str, int] | None = None) -> PositionShown:
        return cls(
            resource=position.resource, call_sign=position.call_sign, agency=position.agency, type=position.kind,
            at=to_rfc3339(position.at), latitude=position.latitude, longitude=position.longitude, accuracy_m=position.accuracy_m,
            speed_mps=position.speed_mps, course_deg=position.course_deg, altitude_m=position.altitude_m, source=position.source,
            covert=position.covert, stale=is_stale(position, now, stale_ms) if now is not None and stale_ms is not None else None,
            clock_off_ms=position.clock_off_ms,
        )  # fmt: skip


class PositionsShown(BaseModel):
    items: list[PositionShown]


class ReasonQuestion(Question):
    """Why somebody looks. `purpose` is a configured one (GET /v1/purposes); `reference` names the case or incident."""

    purpose: Line
    reference: Line = ""


class TrackQuestion(Question):
    """Where one resource was from `from` until before `to`; with `every_seconds`, one position of each so many seconds."""

    resource: ResourceId
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    every_seconds: int = Field(0, ge=0, le=3600)
    reason: ReasonQuestion


class WhereaboutsQuestion(Question):
    """Where each of these resources was at a second: the last that was known then, up to `back_seconds` old."""

    resources: list[ResourceId] = Field(min_length=1, max_length=500)
    at: AwareDatetime
    back_seconds: int = Field(300, ge=1, le=86_400)
    reason: ReasonQuestion


class TrackShown(BaseModel):
    items: list[PositionShown]
    complete: bool
    """False: there is more than one answer holds; ask for a shorter time or fewer positions."""
