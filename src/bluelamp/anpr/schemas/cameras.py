"""Wire shapes of cameras and their health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from bluelamp.anpr.queries.cameras import CameraView
from bluelamp.anpr.store.cameras import Camera
from bluelamp.spine.wire import Instant, Question

Status = Literal["ok", "quiet", "down", "late", "drifting", "unread", "never", "inactive"]


class Point(BaseModel):
    """A GeoJSON point: longitude, latitude in WGS 84."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class SourceRef(BaseModel):
    id: str
    name: str


class Health(BaseModel):
    """How a camera does, by what came from it in the last hour against its own habit. Shares are 0 to 1.

    `clock_drift_ms`: received minus captured at its least, so positive where the camera's clock is behind.
    """

    status: Status
    since: Instant | None
    last_seen: Instant | None
    reads_last_hour: int
    usual_reads_per_hour: float | None
    clock_drift_ms: int | None
    late_share: float | None
    unread_share: float | None


class CameraItem(BaseModel):
    id: str
    external_id: str
    name: str
    agency: str
    source: SourceRef
    position: Point
    road: str
    bearing: int | None
    lane: int | None
    active: bool
    created_at: Instant
    status: Status
    last_seen: Instant | None
    health: Health

    @classmethod
    def of(cls, camera: Camera) -> CameraItem:
        return cls.model_validate(_shape(camera))


class HourItem(BaseModel):
    hour: Instant
    reads: int
    unread: int
    late: int


class DownPeriod(BaseModel):
    """`to` null: down still."""

    from_: Instant = Field(alias="from")
    to: Instant | None


class CameraDetail(CameraItem):
    """A camera with the hours of its last two days and its last hundred down periods, newest first."""

    hourly: list[HourItem]
    down: list[DownPeriod]

    @classmethod
    def of_view(cls, view: CameraView) -> CameraDetail:
        more = {
            "hourly": [{"hour": h.hour, "reads": h.reads, "unread": h.unplated, "late": h.late} for h in view.hours],
            "down": [{"from": d.started_at, "to": d.ended_at} for d in view.downtimes],
        }
        return cls.model_validate(_shape(view.camera) | more)


def _shape(camera: Camera) -> dict[str, object]:
    health = {name: getattr(camera, name) for name in Health.model_fields if hasattr(camera, name)}
    return camera._asdict() | {
        "id": str(camera.number),
        "source": {"id": str(camera.source), "name": camera.source_name},
        "position": {"coordinates": (camera.longitude, camera.latitude)},
        "last_seen": camera.last_received_at,
        "health": health | {"last_seen": camera.last_received_at},
    }


class CameraMap(BaseModel):
    """Every active camera as [id, longitude, latitude, status, name, agency]."""

    cameras: list[tuple[str, float, float, Status, str, str]]
    reads_today: int
    """Of the whole nation since midnight in the United Kingdom."""


class CameraChange(Question):
    """Only the members given change."""

    name: str | None = Field(None, min_length=1, max_length=200)
    agency: str | None = Field(None, max_length=8)
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    road: str | None = Field(None, max_length=200)
    bearing: int | None = Field(None, ge=0, le=359)
    lane: int | None = Field(None, ge=1, le=255)
    active: bool | None = None


class RejectedRow(BaseModel):
    line: int
    code: str
    message: str


class ImportAnswer(BaseModel):
    """What became of the rows of a file; bad ones by line, the header being line 1."""

    imported: int
    updated: int
    rejected: list[RejectedRow]
