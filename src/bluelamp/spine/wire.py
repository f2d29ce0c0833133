"""Shapes that the answers of every capability share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bluelamp.kit.clock import to_ms, to_rfc3339

Item = TypeVar("Item")


def _instant(value: object) -> object:
    return to_rfc3339(to_ms(value)) if isinstance(value, datetime) else value


Instant = Annotated[str, BeforeValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339, UTC, milliseconds; made from an aware datetime."""


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
