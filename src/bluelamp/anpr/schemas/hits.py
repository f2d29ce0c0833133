"""Wire shapes of hits, mutes and handovers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from bluelamp.anpr.actions.mutes import MINUTES_MAX
from bluelamp.anpr.matching.conditions import words
from bluelamp.anpr.matching.hits import Hit, entry_id
from bluelamp.anpr.matching.tolerance import PRIORITIES
from bluelamp.anpr.schemas.cameras import Point
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Question

Outcome = Literal["correct", "misread", "clone_suspected", "no_longer_of_interest"]
Stage = Literal["open", "taken", "closed"]


class PersonRef(BaseModel):
    id: str
    name: str
    agency: str


class TakenBy(PersonRef):
    at: str


class Disposition(BaseModel):
    outcome: Outcome
    note: str
    by: PersonRef
    at: str


class HitList(BaseModel):
    id: str
    name: str


class HitEntry(BaseModel):
    """What the list says. `instruction` comes first on every screen."""

    id: str
    instruction: str
    marker: str
    priority: Literal["low", "medium", "high"]
    reason: str
    list: HitList
    agency: str
    only: str = Field("", description="where, when and in which direction the entry holds, in words; empty: always")


class HitCamera(BaseModel):
    id: str
    name: str
    agency: str
    position: Point | None


class HitImage(BaseModel):
    kind: Literal["plate", "overview"]
    href: str
    sha256: str


class HitRead(BaseModel):
    """The read behind the hit, in the form in which a search shows it."""

    id: str
    vrm: str
    seen_as: str
    captured_at: str
    camera: HitCamera
    confidence: float
    likelihood: float
    direction: str
    lane: int
    make: str
    model: str
    colour: str
    vehicle_class: str = Field(serialization_alias="class")
    images: list[HitImage]


class HitItem(BaseModel):
    """A hit. `score` is how likely the read is if the plate is there (1: as listed); `why` says it in words.

    `alert`: worth an alarm to you; false where the read was old, or your agency had muted the camera or the entry.
    """

    id: str
    version: int
    vrm: str
    seen_as: str
    match: Literal["exact", "tolerant"]
    score: float
    why: str
    alert: bool
    withdrawn: bool
    repeats: int
    found_at: str
    last_seen_at: str
    entry: HitEntry
    read: HitRead
    taken_by: TakenBy | None
    disposition: Disposition | None


def hit_json(hit: Hit, agency: str, state: dict[str, Any] | None = None) -> dict[str, Any]:
    """A hit as `HitItem` for a viewer of this agency; `state` holds `taken_by` and `disposition`."""
    read, camera, entry = hit.read, hit.camera, hit.entry
    position = {"type": "Point", "coordinates": list(camera.position)} if camera.position else None
    return {
        "id": hit.id,
        "version": hit.version,
        "vrm": hit.vrm,
        "seen_as": read.vrm,
        "match": hit.match,
        "score": hit.score,
        "why": hit.why,
        "alert": hit.alert and agency not in hit.muted_for,
        "withdrawn": hit.withdrawn,
        "repeats": hit.repeats,
        "found_at": to_rfc3339(hit.found_at),
        "last_seen_at": to_rfc3339(hit.last_seen_at),
        "entry": {
            "id": entry_id(entry.number),
            "instruction": entry.instruction,
            "marker": entry.marker,
            "priority": PRIORITIES[entry.priority],
            "reason": entry.reason,
            "list": {"id": entry.list_id, "name": entry.list_name},
            "agency": entry.agency,
            "only": words(entry.conditions),
        },
        "read": {
            "id": read.id,
            "vrm": read.vrm,
            "seen_as": read.seen_as,
            "captured_at": to_rfc3339(read.captured_at),
            "camera": {"id": camera.id, "name": camera.name, "agency": camera.agency, "position": position},
            "confidence": read.confidence,
            "likelihood": hit.score,
            "direction": read.direction,
            "lane": read.lane,
            "make": read.make,
            "model": read.model,
            "colour": read.colour,
            "class": read.vehicle_class,
            "images": [
                {"kind": image.kind, "href": f"/v1/anpr/pictures/{image.ref}?hit={hit.id}", "sha256": image.sha256} for image in read.images
            ],
        },
        **(state or {"taken_by": None, "disposition": None}),
    }


def hit_item(hit: Hit, agency: str, state: dict[str, Any] | None = None) -> HitItem:
    """The same, checked."""
    shape = hit_json(hit, agency, state)
    shape["read"]["vehicle_class"] = shape["read"].pop("class")
    return HitItem.model_validate(shape)


class DispositionQuestion(Question):
    outcome: Outcome
    note: str = Field("", max_length=2000)


class MuteQuestion(Question):
    """Give a camera or an entry, by id."""

    camera: str | None = Field(None, max_length=36)
    entry: str | None = Field(None, max_length=36)
    minutes: int = Field(ge=1, le=MINUTES_MAX)
    reason: str = Field(min_length=1, max_length=500)


class MuteItem(BaseModel):
    id: str
    camera: str | None
    entry: str | None
    reason: str
    until: Instant
    created_by: str
    created_at: Instant

    @classmethod
    def of(cls, row: Record) -> MuteItem:
        entry = None if row["entry"] is None else entry_id(row["entry"])
        return cls.model_validate(dict(row) | {"entry": entry, "created_by": row["created_by_name"]})


class HandoverQuestion(Question):
    note: str = Field("", max_length=5000)


class OpenHit(BaseModel):
    id: str
    vrm: str
    priority: str
    camera: str
    captured_at: str
    taken_by: str | None


class HandoverSummary(BaseModel):
    """What was open when the shift ended."""

    open: int
    taken: int
    hits: list[OpenHit]
    mutes: int


class HandoverItem(BaseModel):
    id: str
    created_by: str
    created_at: Instant
    note: str
    summary: HandoverSummary

    @classmethod
    def of(cls, row: Record) -> HandoverItem:
        return cls.model_validate(dict(row) | {"created_by": row["created_by_name"]})
