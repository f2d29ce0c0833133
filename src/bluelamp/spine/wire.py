"""Shapes that the answers of every capability share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from bluelamp.kit.clock import to_ms, to_rfc3339

Item = TypeVar("Item")


def _instant(value: object) -> object:
    return to_rfc3339(to_ms(value)) if isinstance(value, datetime) else value


Instant = Annotated[str, BeforeValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339, UTC, milliseconds; made from an aware datetime."""


EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _within_reason(moment: datetime) -> datetime:
    """Beyond these years clocks are broken, stores wrap round and texts lose their zeros."""
    try:
        told = moment.astimezone(UTC)
    except OverflowError:
        told = LATEST
    if not EARLIEST <= told < LATEST:
        raise ValueError("a time is between the years 1970 and 2100")
    return told


Moment = Annotated[AwareDatetime, AfterValidator(_within_reason)]
"""A time that somebody sends: with a zone, in a year that a clock may show."""


class Question(BaseModel):
    """A request body: what it does not know, it refuses, so that a misspelt member is noticed."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """One page of a list. `next` continues it as `?cursor=`; null at the end."""

    items: list[Item]
    next: str | None


class AgencyRef(BaseModel):
    code: str
    name: str
