"""Wire shapes of VOI lists and their entries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from bluelamp.anpr.domain import Direction
from bluelamp.anpr.matching.conditions import Conditions, Times, words
from bluelamp.anpr.matching.hits import entry_id
from bluelamp.anpr.matching.tolerance import PRIORITIES
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Question


def _plausible(moment: AwareDatetime) -> AwareDatetime:
    if not 1970 <= moment.year < 2200:
        raise ValueError("the year is out of range")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
Priority = Literal["low", "medium", "high"]
Ring = list[tuple[float, float]]


class Polygon(BaseModel):
    """A GeoJSON polygon, WGS 84, longitude first."""

    type: Literal["Polygon"] = "Polygon"
    coordinates: list[Ring] = Field(min_length=1, max_length=50)


class TimeSpan(BaseModel):
    """A part of the day, local time in Great Britain, on these days of the week (Monday is 0)."""

    start: str = Field(alias="from", max_length=5)
    end: str = Field(alias="to", max_length=5)
    days: list[int] = Field(default=[0, 1, 2, 3, 4, 5, 6], max_length=7)


class ConditionsShape(Question):
    """Where, when and in which direction the vehicle is of interest; all that are given must hold."""

    area: Polygon | None = None
    times: list[TimeSpan] = Field(default=[], max_length=20)
    directions: list[Direction] = Field(default=[], max_length=13)

    def conditions(self) -> Conditions | None:
        """As the matcher takes them; None where there are none."""
        made = Conditions(
            area=tuple(tuple(ring) for ring in self.area.coordinates) if self.area else (),
            times=tuple(Times(t.start, t.end, tuple(t.days)) for t in self.times),
            directions=tuple(self.directions),
        )
        return None if made == Conditions() else made


class ListQuestion(Question):
    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=1000)


class ListChange(Question):
    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=1000)


class ListItem(BaseModel):
    id: str
    name: str
    agency: str
    description: str
    entries: int
    created_at: Instant

    @classmethod
    def of(cls, row: Record) -> ListItem:
        return cls.model_validate(dict(row))


class EntryQuestion(Question):
    """`instruction` is what the officer reads first, such as "do not stop: firearms"."""

    vrm: str = Field(max_length=40)
    reason: str = Field("", max_length=500)
    priority: Priority = "medium"
    marker: str = Field("", max_length=120)
    instruction: str = Field("", max_length=1000)
    starts: Moment | None = None
    expires: Moment | None = None
    conditions: ConditionsShape | None = None

    def fields(self) -> dict[str, Any]:
        return _fields(self.model_dump(exclude={"conditions"}) | {"conditions": self.conditions})


class EntryChange(Question):
    """Only the members given change. `reviewed` alone says that the entry was looked at and still stands."""

    reason: str | None = Field(None, max_length=500)
    priority: Priority | None = None
    marker: str | None = Field(None, max_length=120)
    instruction: str | None = Field(None, max_length=1000)
    starts: Moment | None = None
    expires: Moment | None = None
    conditions: ConditionsShape | None = None
    reviewed: bool = False

    def fields(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"conditions", "reviewed"})
        if "conditions" in self.model_fields_set:
            given["conditions"] = self.conditions
        return _fields({name: value for name, value in given.items() if value is not None or name in _NULLABLE})


_NULLABLE = ("starts", "expires", "conditions")


class EntryItem(BaseModel):
    id: str
    list: str
    vrm: str
    reason: str
    priority: Priority
    marker: str
    instruction: str
    starts: Instant | None
    expires: Instant | None
    conditions: ConditionsShape | None
    only: str
    """The conditions in words; empty where there are none."""
    created_at: Instant
    reviewed_at: Instant

    @classmethod
    def of(cls, row: Record) -> EntryItem:
        held = None if row["conditions"] is None else msgspec.convert(row["conditions"], Conditions)
        return cls.model_validate(
            dict(row)
            | {
                "id": entry_id(row["number"]),
                "priority": PRIORITIES[row["priority"]],
                "starts": row["starts_at"],
                "expires": row["expires_at"],
                "conditions": _shape(held),
                "only": words(held),
            }
        )


class ReviewItem(EntryItem):
    """An entry that wants a look: it expires soon, or nobody has looked at it for long."""

    expiring: bool
    stale: bool

    @classmethod
    def of_review(cls, row: Record, *, expiring: bool, stale: bool) -> ReviewItem:
        return cls.model_validate(EntryItem.of(row).model_dump(by_alias=True) | {"expiring": expiring, "stale": stale})


class ListBadRow(BaseModel):
    line: int
    code: str
    message: str


class ListImportAnswer(BaseModel):
    """`rejected` tells the first 10,000 bad rows one by one; `rejected_total` counts them all."""

    imported: int
    updated: int
    rejected_total: int
    rejected: list[ListBadRow]


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Members of the wire under the store's names."""
    names = {"starts": "starts_at", "expires": "expires_at"}
    fields: dict[str, Any] = {names.get(name, name): value for name, value in given.items() if name != "vrm"}
    if "priority" in fields:
        fields["priority"] = PRIORITIES.index(fields["priority"])
    shape = fields.get("conditions")
    if isinstance(shape, ConditionsShape):
        fields["conditions"] = shape.conditions()
    return fields


def _shape(held: Conditions | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {
        "area": {"type": "Polygon", "coordinates": held.area} if held.area else None,
        "times": [{"from": t.start, "to": t.end, "days": list(t.days)} for t in held.times],
        "directions": list(held.directions),
    }
