"""Wire shapes of the statistics of times."""

from __future__ import annotations

from pydantic import BaseModel

from bluelamp.incidents.statistics.store import STEPS
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant


class StepShown(BaseModel):
    """Seconds; null where nothing was measured."""

    count: int
    """Of how many incidents this is known."""
    median_s: float | None
    ninety_s: float | None
    """Nine of ten took no longer."""


class StepFiguresShown(BaseModel):
    type: str | None
    """What it means to all; null: of every type."""
    grade: str | None
    incidents: int
    call_to_open: StepShown
    """From the call to the incident: where somebody took a call down, by your agency."""
    open_to_assigned: StepShown
    """From when your agency had it until the first of its resources was sent."""
    assigned_to_scene: StepShown
    """From there until the first of them was at the scene."""
    scene_to_closed: StepShown

    @classmethod
    def of(cls, row: Record) -> StepFiguresShown:
        steps = {}
        for step in STEPS:
            middle, slow = row[step] or (None, None)
            steps[step] = StepShown(count=row[f"{step}_count"], median_s=middle, ninety_s=slow)
        return cls(type=row["type"], grade=row["grade"], incidents=row["incidents"], **steps)


class AgencyTimesShown(BaseModel):
    since: Instant
    until: Instant
    rows: list[StepFiguresShown]
    """Everything, each type, each grade, and each type with each grade."""
