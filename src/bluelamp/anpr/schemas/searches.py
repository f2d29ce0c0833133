"""Wire shapes of searches and of what they find."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from bluelamp.spine.wire import Instant, Question

Line = Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text: no control characters."""
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
OutputFormat = Literal["csv", "geojson", "pdf"]


class Reason(Question):
    """Why somebody looks. `purpose` is a configured one (GET /v1/purposes); `reference` names the case, incident or operation."""

    purpose: Line
    reference: Line = ""


class SearchQuestion(Question):
    """What is asked: a plate, or several, or a pattern, or none of them; and a place, or none."""

    vrm: Line | None = Field(None, examples=["AB12CDE"])
    vrms: list[Line] | None = Field(None, min_length=1, max_length=10_000)
    pattern: Line | None = Field(None, examples=["AB1?C*"])
    tolerance: Literal["exact", "likely", "possible"] | None = Field(None, description="likely; for several plates, exact")
    start: AwareDatetime | None = Field(None, alias="from")
    end: AwareDatetime | None = Field(None, alias="to")
    bbox: list[Degrees] | None = Field(None, description="west, south, east, north", examples=[[-2.5, 51.3, -2.3, 51.5]])
    area: dict[str, Any] | None = Field(None, description="GeoJSON polygon")
    cameras: list[Annotated[str, Field(max_length=36)]] | None = Field(None, min_length=1, max_length=5000)
    direction: Line | None = None
    make: Line | None = None
    model: Line | None = None
    colour: Line | None = None
    limit: int = Field(100, ge=1, le=5000)
    reason: Reason | None = Field(None, description="without one there is no search")


class SearchChange(Question):
    """What the owner may change afterwards. A standing or shared search is saved as well."""

    name: Line | None = None
    saved: bool | None = None
    shared: bool | None = None
    standing: bool | None = None


class CameraShown(BaseModel):
    id: str
    name: str
    agency: str
    road: str
    position: dict[str, Any] | None = Field(description="GeoJSON point")


class ImageShown(BaseModel):
    kind: Literal["plate", "overview"]
    href: str
    sha256: str


class PreservedIn(BaseModel):
    """The preservation that keeps a read beyond its time."""

    id: str
    case_reference: str
    review_at: Instant


class ReadShown(BaseModel):
    """A read as every answer shows it. `seen_as`: what the camera sent, where it differs from the normalised plate."""

    id: str
    vrm: str
    seen_as: str
    captured_at: Instant
    camera: CameraShown
    confidence: float
    likelihood: float = Field(description="that this is the plate asked for; 1: read exactly so")
    direction: str
    lane: int | None
    make: str
    model: str
    colour: str
    vehicle_class: str = Field(serialization_alias="class")
    images: list[ImageShown]
    preserved: PreservedIn | None = Field(None, description="past its time, and kept for the case that the search names")


class Period(BaseModel):
    start: Instant = Field(serialization_alias="from")
    end: Instant | None = Field(serialization_alias="to", description="null: down still")


class GapShown(BaseModel):
    """A camera that was down in the window: what passed it then is not among the answers."""

    id: str
    name: str
    agency: str
    road: str
    position: dict[str, Any]
    periods: list[Period]


class NarrowedShown(BaseModel):
    """The answer does not reach as far back as was asked: policy opens less. What would make more of it lawful is told."""

    start: Instant = Field(serialization_alias="from")
    why: str
    lawful_if: str


class SearchAnswer(BaseModel):
    id: str
    items: list[ReadShown]
    gaps: list[GapShown]
    gaps_more: bool = Field(description="more cameras were down than are listed")
    next: str | None
    narrowed: NarrowedShown | None = Field(None, description="null: it reaches as far back as was asked")


class SearchItem(BaseModel):
    """A search as a list shows it, without its answers."""

    id: str
    name: str
    created_at: Instant
    owner: dict[str, str]
    mine: bool
    saved: bool
    shared: bool
    standing: bool
    reason: Reason
    criteria: dict[str, Any]


class SearchOpened(SearchItem):
    """A search re-opened: what was asked and the page of answers."""

    items: list[ReadShown]
    gaps: list[GapShown]
    gaps_more: bool
    next: str | None
    narrowed: NarrowedShown | None = None


class CameraCount(BaseModel):
    camera: CameraShown
    count: int


class Summary(BaseModel):
    """Habits of what was found. Hours and weekdays (from Monday) are local, in `timezone`."""

    count: int
    truncated: bool = Field(description="more was found than was counted: the newest are told")
    plates: int
    days: int
    first_seen: ReadShown | None
    last_seen: ReadShown | None
    timezone: str
    by_hour: list[int]
    by_weekday: list[int]
    cameras: list[CameraCount]
    narrowed: NarrowedShown | None = None


class Leg(BaseModel):
    """From one read to the next of the same plate."""

    vrm: str
    start: str = Field(serialization_alias="from", description="id of the read")
    end: str = Field(serialization_alias="to")
    metres: int = Field(description="in a straight line, so the road is at least as long")
    seconds: float
    kmh: float | None = Field(description="least speed that the straight line asks for; null where no time passed")
    plausible: bool
    new_journey: bool = Field(description="the vehicle rested before this leg's end, or was unseen")
    why: str
    basis: Literal["learnt", "straight_line"] = Field(description="what decided: travel times learnt from reads, or distance alone")
    usual_seconds: float | None = Field(description="what the fastest twentieth of vehicles take; null where too few were seen")


class Journey(BaseModel):
    items: list[ReadShown] = Field(description="oldest first")
    legs: list[Leg]
    clone_suspected: list[str] = Field(description="plates that some leg shows in two places at once")
    truncated: bool
    narrowed: NarrowedShown | None = None


class ExportQuestion(Question):
    format: OutputFormat


class ExportFile(BaseModel):
    name: str
    href: str
    sha256: str
    bytes: int


class ExportMade(BaseModel):
    id: str
    count: int
    files: list[ExportFile]


class NoticeShown(BaseModel):
    """A standing search found something new."""

    id: str
    search: dict[str, str]
    at: Instant
    count: int
    newest_read: str
    vrm: str
    seen_at: Instant | None


class ReadOpened(ReadShown):
    """One read with all its evidence."""

    received_at: Instant | None
    version: int
    characters: list[dict[str, Any]]
    variants: list[dict[str, Any]]
