"""Shapes on the wire of misuse detection."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant

State = Literal["open", "upheld", "cleared"]


class FindingSignal(BaseModel):
    """One reason. `score` is its strength from 0 to 1, `weighed` what that counts, `entries` the latest audit entries it rests on."""

    name: str
    score: float
    weighed: float
    why: str
    subject: str
    entries: list[str]


class FindingPerson(BaseModel):
    id: str
    username: str
    role: str
    unit: str
    manager: str


class FindingItem(BaseModel):
    """Looks of one person that somebody should ask about: one story, the strongest reason first. Not a verdict."""

    id: str
    at: Instant
    changed_at: Instant
    agency: str
    person: FindingPerson
    score: float
    signals: list[FindingSignal]
    subjects: list[str]
    entries: list[str]
    looks: int
    first_look: Instant
    last_look: Instant
    state: State
    decided_at: Instant | None

    @classmethod
    def of(cls, row: Record) -> FindingItem:
        values: dict[str, Any] = dict(row)
        person = {name: values.pop(name) for name in ("username", "role", "unit", "manager")}
        return cls.model_validate(values | {"person": {"id": values["person"], **person}})


class DirectoryShown(BaseModel):
    """When the directory of your agency was loaded and how much it holds; never what it holds."""

    facts: int
    at: Instant | None
    expires_at: Instant | None


class RejectedFact(BaseModel):
    line: int
    message: str


class DirectoryAnswer(BaseModel):
    """What came of a load."""

    facts: int
    rejected: list[RejectedFact]
    rejected_total: int
    expires_at: Instant
