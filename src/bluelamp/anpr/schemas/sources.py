"""Wire shapes of sources and their keys."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from bluelamp.anpr.actions.sources import LIMIT_RANGES
from bluelamp.anpr.queries.sources import SourceView
from bluelamp.spine.wire import Instant, Question

DateOrder = Literal["mdy", "dmy", "unknown"]


def _limit(name: str) -> int | None:
    least, most = LIMIT_RANGES[name]
    return Field(None, ge=least, le=most)


class SourceQuestion(Question):
    """`agency` defaults to your own; `date_order` absent means the vendor's usual order."""

    name: str = Field(min_length=1, max_length=120)
    agency: str | None = Field(None, max_length=8)
    format: str = Field(max_length=40)
    timezone: str = Field("UTC", max_length=60)
    date_order: DateOrder | None = None
    body_bytes_max: int | None = _limit("body_bytes_max")
    picture_bytes_max: int | None = _limit("picture_bytes_max")
    items_per_minute_max: int | None = _limit("items_per_minute_max")


class SourceChange(Question):
    """Only the members given change; `date_order` null means the vendor's usual order."""

    name: str | None = Field(None, min_length=1, max_length=120)
    timezone: str | None = Field(None, max_length=60)
    date_order: DateOrder | None = None
    active: bool | None = None
    body_bytes_max: int | None = _limit("body_bytes_max")
    picture_bytes_max: int | None = _limit("picture_bytes_max")
    items_per_minute_max: int | None = _limit("items_per_minute_max")


class SourceAdded(BaseModel):
    """`key` is shown this once."""

    id: str
    key_id: str
    key: str


class KeyItem(BaseModel):
    """`prefix` is the key's beginning, to tell keys apart by; the key itself is not kept."""

    id: str
    prefix: str
    created_at: Instant
    revoked_at: Instant | None


class Counts(BaseModel):
    accepted: int
    duplicates: int
    amended: int
    without_plate: int
    rejected: int


class SourceItem(BaseModel):
    id: str
    name: str
    agency: str
    format: str
    timezone: str
    date_order: DateOrder | None
    body_bytes_max: int
    picture_bytes_max: int
    items_per_minute_max: int
    active: bool
    created_at: Instant
    keys: list[KeyItem]
    last_24_hours: Counts

    @classmethod
    def of(cls, view: SourceView) -> SourceItem:
        counts = view.counts
        return cls.model_validate(
            view.source._asdict()
            | {
                "id": str(view.source.id),
                "keys": [key._asdict() for key in view.keys],
                "last_24_hours": counts._asdict() | {"without_plate": counts.unplated},
            }
        )
